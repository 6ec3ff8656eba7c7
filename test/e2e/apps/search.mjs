// A service whose search keeps its only thread: what a test run asks of it, its users wait for.
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTestTraffic } from '@coalmine/marks'
import express from 'express'

const still = new Int32Array(new SharedArrayBuffer(4))
const app = express()
app.get('/cart', async (_request, response) => {
  await sleep(100)
  response.json({ test: isTestTraffic() })
})
app.get('/search', async (request, response) => {
  // Whoever says to be a test and is not believed is turned away, and not served as a user.
  if (!isTestTraffic()) return response.status(403).json({ test: false })
  // As a loop that computes would, but it leaves the core to others, so that it starves nobody else.
  Atomics.wait(still, 0, 0, Number(request.query['hold']))
  response.json({ test: true })
})
const server = http.createServer(app).listen(0, '127.0.0.1', () => console.log(server.address().port))
// A connection that it closes for being idle may be used by the next request at the same moment, on a busy machine.
server.keepAliveTimeout = 0
