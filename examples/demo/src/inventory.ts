import { coalmine } from '@coalmine/fastify'
import { isTestTraffic } from '@coalmine/marks'
import fastify from 'fastify'
import { announce, work } from './service.ts'

const wait = work(process.env)
const app = fastify()
await app.register(coalmine)

// Test traffic, which the storefront knows and sends word of, reserves nothing that a customer could miss.
const reserved = { live: 0, test: 0 }

app.get('/stock/:product', async (request) => {
  await wait()
  const { product } = request.params as { product: string }
  return { product, left: 1_000_000 - reserved.live }
})

app.post('/reservations', async (_request, reply) => {
  await wait()
  reserved[isTestTraffic() ? 'test' : 'live']++
  return reply.code(201).send({ reserved: true })
})

app.get('/reservations', async () => reserved)

await app.listen({ port: Number(process.env['PORT'] ?? 8081), host: '127.0.0.1' })
await announce(app.server)
