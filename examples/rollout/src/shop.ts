import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'

/** One instance of the shop. A build that is bad fails one request in four. */
const isBad = process.env['SHOP_IS_BAD'] === 'true'
let served = 0

const app = express()
app.get('/cart', async (_request, response) => {
  served += 1
  await sleep(2 + (served % 5))
  response.status(isBad && served % 4 === 0 ? 500 : 200).json({ items: [] })
})
const server = app.listen(Number(process.env['SHOP_PORT']), '127.0.0.1', () => process.stdout.write('it serves\n'))
// A proxy keeps its connections.
server.keepAliveTimeout = 60_000
