import { setTimeout as sleep } from 'node:timers/promises'
import { coalmine } from '@coalmine/express'
import { coalmineHook } from '@coalmine/flags/openfeature'
import { FlagdProvider } from '@openfeature/flagd-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import express, { type Request } from 'express'
import { announce, work } from './service.ts'

const { env } = process
const inventory = env['INVENTORY_URL'] ?? 'http://127.0.0.1:8081'
const effect = Number(env['DEMO_EFFECT'] ?? 0)
const wait = work(env)

await OpenFeature.setProviderAndWait(
  new FlagdProvider({
    resolverType: 'in-process',
    offlineFlagSourcePath: new URL('../flags.json', import.meta.url).pathname,
  }),
)
OpenFeature.addHooks(coalmineHook())
const flags = OpenFeature.getClient()

const app = express()
app.use(coalmine({ testTraffic }))

app.get('/products', async (_req, res) => {
  await wait()
  res.json({ products: ['anvil', 'rocket skates', 'bird seed'] })
})

app.get('/cart', async (_req, res) => {
  const started = performance.now()
  const version = env['COALMINE_VERSION'] ?? ''
  const newPricing = await flags.getBooleanValue('new-pricing', false, { targetingKey: 'anybody', version })
  await Promise.all([wait(), call('/stock/anvil')])
  // The regression: the new prices are computed slowly.
  if (newPricing && effect > 0) await sleep(effect * (performance.now() - started))
  res.json({ items: [{ product: 'anvil', price: newPricing ? 95 : 100 }] })
})

app.post('/checkout', async (_req, res) => {
  await wait()
  await call('/reservations', { method: 'POST' })
  res.status(201).json({ order: 'accepted' })
})

function testTraffic(req: Request) {
  const run = req.get('x-load-test')
  return run === undefined ? false : { run }
}

async function call(path: string, init?: RequestInit): Promise<void> {
  const response = await fetch(inventory + path, init)
  if (!response.ok) throw new Error(`inventory: ${response.status} on ${path}`)
  await response.json()
}

await announce(app.listen(Number(env['PORT'] ?? 8080), '127.0.0.1'), () => OpenFeature.close())
