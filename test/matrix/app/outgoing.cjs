const http = require('node:http')
const { withRequestMarks } = require('@coalmine/marks')

/** Prints the baggage that a marked request sends along, over each client, to a host that is allowed and to one that is not. */
const server = http.createServer((req, res) => res.end(String(req.headers.baggage)))
const overHttp = (url) =>
  new Promise((resolve) => {
    http.get(url, (response) => response.setEncoding('utf8').once('data', resolve))
  })
const overFetch = async (url) => (await fetch(url)).text()

server.listen(0, () => {
  withRequestMarks({}, undefined, { testTraffic: () => true }, async () => {
    const sent = []
    for (const host of ['127.0.0.1', 'localhost']) {
      for (const over of [overHttp, overFetch]) sent.push(await over(`http://${host}:${server.address().port}/`))
    }
    console.log(JSON.stringify(sent))
    server.close().closeAllConnections()
  })
})
