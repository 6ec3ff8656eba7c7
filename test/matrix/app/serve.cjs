const { setTimeout: sleep } = require('node:timers/promises')

/** Serves /cart/:variant with Express and with Fastify, says where, and ends at SIGTERM. */
exports.serve = async ({ express, fastify, expressMarks, fastifyMarks, isTestTraffic, markFlag, trace }) => {
  const span = (name) => trace.getTracer('matrix').startActiveSpan(name, (each) => each.end())
  const cart = async (variant) => {
    span('before the flag')
    await sleep(Math.random() * 20)
    markFlag('free-shipping', variant)
    await sleep(Math.random() * 20)
    span('after the flag')
    return { test: isTestTraffic(), variant }
  }
  const marks = { testTraffic: ({ headers }) => headers['x-test'] !== undefined }

  const app = express()
  app.use(expressMarks(marks))
  app.get('/cart/:variant', async (req, res) => void res.json(await cart(req.params.variant)))
  const server = app.listen(0, '127.0.0.1')
  await new Promise((listens) => server.once('listening', listens))

  const second = fastify({ forceCloseConnections: true })
  await second.register(fastifyMarks, marks)
  second.get('/cart/:variant', (request) => cart(request.params.variant))
  await second.listen({ port: 0, host: '127.0.0.1' })

  process.once('SIGTERM', () => {
    server.close().closeAllConnections()
    second.close()
  })
  console.log(JSON.stringify({ express: server.address().port, fastify: second.server.address().port }))
}
