import { once } from 'node:events'
import { expect, it } from 'vitest'
import { newSite, patient } from '../browser/site.ts'
import { send } from '../browser/traffic.ts'

// A comparison while it runs: the other pages, and what is looked at later, are in page-places.test.ts.
const site = newSite()
const minute = Math.floor(Date.now() / 60_000) * 60_000
const startMs = minute - 12 * 60_000

let failed: string
let running: string

it('notices the first span without being loaded again', async () => {
  const { server, page, open, see, lookAt } = site
  await open('/')
  await see('Waiting for the first span')
  await lookAt('first')
  await send(server.url, {
    service: 'little',
    startMs,
    seconds: 60,
    rate: 1,
    operations: ['GET /cart', 'GET /about'],
    seed: 7,
  })
  await page.getByRole('link', { name: 'little' }).waitFor(patient)
})

it('shows a comparison from before its first span to its verdict', async () => {
  const { server, page, open, see, verdict, post, compare, lookAt } = site
  failed = await compare({
    service: 'storefront',
    labels: { author: 'Maria Sand', commit: 'https://example.com/shop/commit/4f2c9d1' },
  })
  await open(`/comparisons/${failed}`)
  await verdict('Waiting for traffic')
  await lookAt('waiting')
  const at = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString()
  await post('/api/changes', {
    service: 'storefront',
    version: '2.0.0',
    mergedBy: 'Noah Reed',
    changes: 3,
    at: at(-20),
  })
  await post('/api/changes', { kind: 'flag', flag: 'new-pricing', what: 'on for 10 %', author: 'Ada', at: at(45) })
  await send(server.url, {
    service: 'storefront',
    startMs,
    seconds: 300,
    rate: 4,
    operations: ['GET /cart', 'GET /products', 'POST /checkout'],
    slower: 3,
    failing: 0.1,
    downstream: 'inventory',
  })
  await verdict('Fail')
  await see(/^GET \/cart is (slower|failing more often)/)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await see(/^FAIL at /)
  expect(await page.getByRole('link', { name: 'https://example.com/shop/commit/4f2c9d1' }).count()).toBe(1)
  await page.getByRole('heading', { name: 'Traces side by side' }).waitFor(patient)
  // The author is the label's, and who merged it is known from its deploy.
  await see('Noah Reed')
  expect(await page.getByRole('region', { name: 'Table: Changes' }).getByRole('row').nth(1).textContent()).toContain(
    'flag new-pricing changed: on for 10 %Ada',
  )
  const below = page.getByRole('region', { name: 'Table: Other services' })
  expect(await below.getByRole('row').nth(1).textContent()).toContain('inventoryGET /stock/{id}')
  await lookAt('fail')
})

it('has what is chosen in its address, and shows the same when it is loaded again', async () => {
  const { page, see, lookAt } = site
  await page.getByRole('button', { name: 'GET /cart' }).first().click()
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
  await page.getByRole('group', { name: 'Metric' }).getByRole('button', { name: 'errors', exact: true }).click()
  expect(new URL(page.url()).search).toBe('?operation=GET+%2Fcart&metric=errors')
  await page.reload()
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
  await page.getByRole('img', { name: /^Errors\./ }).waitFor(patient)
  await page.goto(`${page.url()}&from=60&to=180&tables=1&sort=-p99`)
  await page.getByRole('region', { name: 'Table: Errors over time' }).waitFor(patient)
  await see('1 min to 3 min')
  expect(await page.getByRole('columnheader', { name: 'p99' }).first().getAttribute('aria-sort')).toBe('descending')
  await lookAt('operation')
})

it('works from the keyboard', async () => {
  const { page, open } = site
  await open(`/comparisons/${failed}`)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await page.keyboard.press('Tab')
  expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to content')
  await page.getByRole('button', { name: 'GET /cart' }).first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
})

it('waits for no charts for ever: whatever the server or the network refuses once is asked for again', async () => {
  const { page, open, verdict, see, lookAt } = site
  const refuse = { status: 500, contentType: 'application/json', body: '{"error":{"message":"the engine is busy"}}' }
  let refused = 0
  await page.route('**/api/comparisons/*/charts*', async (route) => {
    refused += 1
    if (refused > 2) return route.continue()
    return refused === 1 ? route.abort() : route.fulfill(refuse)
  })
  // No event ever comes, and of the answers the first ones are none.
  await page.route('**/events', (route) => route.abort())
  let asked = 0
  await page.route(`**/api/comparisons/${failed}`, (route) => {
    asked += 1
    return asked === 1 ? route.fulfill(refuse) : route.continue()
  })
  await open(`/comparisons/${failed}`)
  await see('The server refused the request')
  await verdict('Fail')
  await see('the engine is busy')
  await lookAt('no-charts')
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await page.getByText('the engine is busy').waitFor({ state: 'detached', ...patient })
  await page.unrouteAll()
})

it('says so when the server went away, and goes on when it is back', async () => {
  const { page, open, see, verdict, compare, restart, lookAt } = site
  running = await compare({ service: 'little' })
  await open(`/comparisons/${running}`)
  await verdict('Watching')
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await lookAt('running')
  await page.getByRole('button', { name: 'Show traces of the service' }).click(patient)
  await page.getByRole('img', { name: /^Trace of canary/ }).waitFor(patient)
  expect(new URL(page.url()).search).toBe('?traces=1')
  await lookAt('traces-asked')
  site.server.process.kill('SIGKILL')
  await once(site.server.process, 'exit')
  await see('The connection to the server is lost.')
  await lookAt('away')
  await restart()
  await page.getByText('The connection to the server is lost.').waitFor({ state: 'detached', ...patient })
  await verdict('Watching')
  await open(`/comparisons/${failed}`)
  await see(/^FAIL at /)
})

const hostile = '<img src=x onerror=alert(1)>'

it('shows hostile names as the text that they are', async () => {
  const { server, page, open, compare, lookAt } = site
  const service = `evil ${hostile}`
  await send(server.url, {
    service,
    startMs,
    seconds: 120,
    rate: 4,
    operations: [`GET /${hostile}"'&<script>alert(1)</script>`, `GET /${'x'.repeat(180)}`],
    slower: 4,
    attributes: { [`evil"${hostile}`]: hostile },
    seed: 4,
  })
  const id = await compare({ service, labels: { author: hostile, change: 'javascript:alert(1)' } })
  await open(`/comparisons/${id}`)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await page.getByRole('heading', { name: service }).waitFor(patient)
  expect(await page.locator('img, a[href^="javascript"]').count()).toBe(0)
  await lookAt('hostile')
})

it('has nothing that axe or the browser complains of, in any of these states', () => {
  expect(site.problems()).toEqual([])
})
