import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PathProxy, startPathProxy } from '../browser/path-proxy.ts'
import { newSite, patient } from '../browser/site.ts'
import { send } from '../browser/traffic.ts'

// What people have between themselves and the page, and what they call their things. The page itself is in page.test.ts.
const site = newSite()
const minute = Math.floor(Date.now() / 60_000) * 60_000
const startMs = minute - 12 * 60_000
const token = 'a-token-of-this-test'

let proxy: PathProxy
let id: string

beforeAll(async () => {
  proxy = await startPathProxy('/tools/coalmine/')
})
afterAll(() => proxy?.close())

const names = ['GET /سلة/التسوق', 'POST /חיפוש 🛒', `GET /${'segment/'.repeat(24)}end`, 'GET /\u202etrac\u2066']
const many = [...names, ...Array.from({ length: 296 }, (_, at) => `GET /api/thing-${at}`)]
const lost = 'The connection to the server is lost.'

it('shows 300 operations, whatever they are called, at any width, on paper and in forced colours', async () => {
  const { server, page, open, see, compare, verdict, lookAt } = site
  const service = 'متجر 🛒'
  await send(server.url, { service, startMs, seconds: 120, rate: 0.05, operations: many, failing: 1, seed: 11 })
  await send(server.url, {
    service,
    startMs: startMs + 120_000,
    seconds: 120,
    rate: 4,
    operations: names,
    failing: 0.4,
    seed: 12,
  })
  id = await compare({ service, labels: { author: 'نورة', change: `https://example.com/${'x'.repeat(300)}` } })
  await open(`/comparisons/${id}`)
  await verdict('Fail')
  await page.getByRole('button', { name: 'Show all 300 operations' }).click(patient)
  const rows = page.getByRole('region', { name: 'Table: Table of operations' }).getByRole('row')
  expect(await rows.count()).toBe(301)
  await page.getByLabel('Find an operation').fill('thing-29')
  await expect.poll(() => rows.count(), patient).toBe(8)
  expect(new URL(page.url()).searchParams.get('find')).toBe('thing-29')
  await page.getByLabel('Find an operation').fill('no such thing')
  await see('No operation has “no such thing” in its name.')
  await page.getByLabel('Find an operation').fill('')
  // What would turn the text after it around is shown by its number.
  expect(await page.locator('main').textContent()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  await see('GET /\\u202etrac\\u2066')
  await page.getByRole('button', { name: 'Show the first 20' }).click()
  await lookAt('names')
  const beyond = () =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  // A zoom of 200 % on a laptop's screen.
  await page.setViewportSize({ width: 640, height: 400 })
  await expect.poll(beyond, patient).toBeLessThanOrEqual(0)
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.emulateMedia({ forcedColors: 'active' })
  const ground = (pressed: boolean): Promise<string> =>
    page.evaluate(
      `getComputedStyle(document.querySelector('fieldset button[aria-pressed="${pressed}"]')).backgroundColor`,
    )
  expect(await ground(true)).not.toBe(await ground(false))
  await page.emulateMedia({ forcedColors: 'none', media: 'print', colorScheme: 'dark' })
  expect(await page.getByRole('navigation').isVisible()).toBe(false)
  expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe('rgb(255, 255, 255)')
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
})

it('goes back to what was chosen before, and forward again', async () => {
  const { page, open } = site
  await open('/')
  await page.getByRole('link', { name: /^متجر/ }).first().click(patient)
  await page.getByRole('button', { name: names[0]! }).first().click(patient)
  await page.getByRole('group', { name: 'Metric' }).getByRole('button', { name: 'errors', exact: true }).click(patient)
  await page.getByRole('button', { name: names[1]! }).first().click()
  await page.getByRole('heading', { name: names[1]! }).waitFor(patient)
  await page.goBack()
  await page.getByRole('heading', { name: names[0]! }).waitFor(patient)
  expect(new URL(page.url()).searchParams.get('metric')).toBe('errors')
  await page.goBack()
  await page.getByRole('heading', { name: 'The whole service' }).waitFor(patient)
  await page.goForward()
  await page.getByRole('heading', { name: names[0]! }).waitFor(patient)
  await page.goBack()
  await page.goBack()
  await page.getByRole('heading', { name: 'Services' }).waitFor(patient)
})

it('tells ages by the clock of the server, and that the browser has another', async () => {
  const { page, open, see, lookAt } = site
  await page.clock.setSystemTime(Date.now() + 5 * 3_600_000)
  await open('/status')
  await see(/^This browser's clock is (4\sh\s59\smin|5\sh) ahead of the server's/)
  expect(await page.getByText(/ ago, at /).textContent()).toMatch(/^\d+\smin/)
  await lookAt('clocks')
  await page.clock.setSystemTime(Date.now())
  // A month later, times say the day.
  await page.clock.setSystemTime(Date.now() + 35 * 86_400_000)
  await open(`/comparisons/${id}`)
  await see(/^\d+ \w{3} 20\d\d, \d\d:\d\d:\d\d, settled$/)
  await page.clock.setSystemTime(Date.now())
})

it('says on every page that the server was updated, or is away, and asks for the token again', async () => {
  const { page, open, see, restart } = site
  await page.route('**/api/**', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, headers: { ...answer.headers(), 'x-coalmine-version': '99.0.0' } })
  })
  await open('/rollouts')
  await see('The server was updated.')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.getByRole('button', { name: 'Load its page' }).click()
  await page.getByText('The server was updated.').waitFor({ state: 'detached', ...patient })
  for (const path of ['/', '/services/x', '/compare?service=x&stable=a&canary=b']) {
    await open(path)
    await page.locator('main h1, main h2').first().waitFor(patient)
    await page.route('**/api/**', (route) => route.abort())
    await page.getByText(lost).waitFor(patient)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.route('**/api/**', (route) => route.fulfill({ status: 401, body: '{}' }))
    await see('This server needs a token')
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }
  await site.server.stop()
  await restart(['--token', token, '--base-url', proxy.url])
  proxy.leadTo(site.server.url)
})

it('works under the path of a proxy that holds events back', async () => {
  const { server, page, see, verdict } = site
  const at = (path: string): string => proxy.url + path
  await page.goto(at(''))
  await see('This server needs a token')
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('link', { name: /^متجر/ }).first().click(patient)
  expect(page.url()).toBe(at(`comparisons/${id}`))
  await verdict('Fail')
  await page.getByRole('link', { name: 'Status' }).click()
  await see('accepted.')
  expect(page.url()).toBe(at('status'))
  const [cookie] = await page.context().cookies(at(''))
  expect(cookie).toMatchObject({ path: '/tools/coalmine', httpOnly: true, sameSite: 'Strict' })
  // It is seen from its start to its verdict without a single event.
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = { service: 'late', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0', waitMs: 3_600_000 }
  const asked = await fetch(at('api/comparisons'), { method: 'POST', headers, body: JSON.stringify(body) })
  const { id: late, url } = (await asked.json()) as { id: string; url: string }
  expect(url).toBe(at(`comparisons/${late}`))
  await page.goto(url)
  await verdict('Waiting for traffic')
  await send(
    server.url,
    { service: 'late', startMs, seconds: 120, rate: 4, operations: ['GET /a'], failing: 0.5 },
    token,
  )
  await verdict('Fail')
  // Some proxies do not take the path off.
  const whole = await fetch(`${server.url}/tools/coalmine/api/comparisons/${late}`, { headers })
  expect(whole.status).toBe(200)
  expect((await fetch(`${server.url}/tools/coalmineapi/known`, { headers })).status).toBe(404)
})

it('leaves its connection to other tabs while nobody looks at it', async () => {
  const { server, page, verdict } = site
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = {
    service: 'hidden',
    stable: 'service.version=1.0.0',
    canary: 'service.version=2.0.0',
    waitMs: 3_600_000,
  }
  const asked = await fetch(`${server.url}/api/comparisons`, { method: 'POST', headers, body: JSON.stringify(body) })
  const { id: hidden } = (await asked.json()) as { id: string }
  const streams: string[] = []
  page.on('requestfinished', (one) => one.url().endsWith('/events') && streams.push('finished'))
  page.on('requestfailed', (one) => one.url().endsWith('/events') && streams.push('closed'))
  page.on('request', (one) => one.url().endsWith('/events') && streams.push('opened'))
  const look = (state: string): Promise<unknown> =>
    page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
  await page.goto(`${proxy.url}comparisons/${hidden}`)
  await verdict('Waiting for traffic')
  await expect.poll(() => streams, patient).toEqual(['opened'])
  await look('hidden')
  await expect.poll(() => streams, patient).toEqual(['opened', 'closed'])
  await look('visible')
  await expect.poll(() => streams, patient).toEqual(['opened', 'closed', 'opened'])
})

it('has nothing that axe or the browser complains of, in any of these states', () => {
  expect(site.problems()).toEqual([])
})
