// A service whose search burns the CPU: what a test run asks of it, its users wait for.
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTestTraffic } from '@coalmine/marks'
import express from 'express'

const app = express()
app.get('/cart', async (_request, response) => {
  await sleep(100)
  response.json({ test: isTestTraffic() })
})
app.get('/search', async (request, response) => {
  // Whoever says to be a test and is not believed is turned away, and not served as a user.
  if (!isTestTraffic()) return response.status(403).json({ test: false })
  const until = performance.now() + Number(request.query['burn'])
  while (performance.now() < until);
  response.json({ test: true })
})
const server = http.createServer(app).listen(0, '127.0.0.1', () => console.log(server.address().port))
