import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startBrowser } from '../browser/browser.ts'
import { complaintsOf, look } from '../browser/look.ts'
import { fiftyOperations, send } from '../browser/traffic.ts'
import { coalmine, serve } from './coalmine.ts'

let folder: string
let browser: Browser
let server: Awaited<ReturnType<typeof serve>>
let page: Page
let complaints: readonly string[]
const problems: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-page-'))
  const starting = serve(folder, ['--watermark', '0s'])
  browser = await startBrowser()
  server = await starting
  page = await newPage()
  complaints = complaintsOf(page)
})

afterAll(async () => {
  await browser?.close()
  server?.process.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(`${page.url()} shows:\n${await page.locator('main').textContent()}`)
})

// Its own locale is none that browsers know.
const newPage = (): Promise<Page> => browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 900 } })

const patient = { timeout: 240_000 }
const minute = Math.floor(Date.now() / 60_000) * 60_000
const startMs = minute - 12 * 60_000
const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

async function compare(body: object): Promise<string> {
  const response = await fetch(`${server.url}/api/comparisons`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...cohorts, waitMs: 3_600_000, ...body }),
  })
  const { id } = (await response.json()) as { id: string }
  expect(response.status).toBe(201)
  return id
}

const see = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor(patient)
const open = async (path: string): Promise<void> => void (await page.goto(server.url + path))
const verdict = (text: string): Promise<void> => page.locator('.verdict', { hasText: text }).waitFor(patient)
/** Has a state looked at; what is wrong with it is told at the end, for all states together. */
const lookAt = async (name: string): Promise<void> => void problems.push(...(await look(page, name)))

let failed: string
let running: string

it('notices the first span without being loaded again', async () => {
  await open('/')
  await see('Waiting for the first span')
  await lookAt('first')
  await send(server.url, { service: 'little', startMs, seconds: 60, rate: 1, operations: ['GET /cart', 'GET /about'] })
  await page.getByRole('link', { name: 'little' }).waitFor(patient)
})

it('shows a comparison from before its first span to its verdict', async () => {
  failed = await compare({
    service: 'storefront',
    labels: { author: 'Maria Sand', commit: 'https://example.com/shop/commit/4f2c9d1' },
  })
  await open(`/comparisons/${failed}`)
  await verdict('Waiting for traffic')
  await lookAt('waiting')
  await send(server.url, {
    service: 'storefront',
    startMs,
    seconds: 300,
    rate: 4,
    operations: ['GET /cart', 'GET /products', 'POST /checkout'],
    slower: 3,
    failing: 0.1,
  })
  await verdict('Fail')
  await see(/^GET \/cart is (slower|failing more often)/)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await see(/^FAIL at /)
  expect(await page.getByRole('link', { name: 'https://example.com/shop/commit/4f2c9d1' }).count()).toBe(1)
  await page.getByRole('heading', { name: 'Traces side by side' }).waitFor(patient)
  await lookAt('fail')
})

it('has what is chosen in its address, and shows the same when it is loaded again', async () => {
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
  await open(`/comparisons/${failed}`)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await page.keyboard.press('Tab')
  expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the content')
  await page.getByRole('button', { name: 'GET /cart' }).first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
})

it('says so when the server went away, and goes on when it is back', async () => {
  running = await compare({ service: 'little' })
  await open(`/comparisons/${running}`)
  await verdict('Watching')
  await lookAt('running')
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  await see('The server went away.')
  await lookAt('away')
  server = await serve(folder, ['--watermark', '0s', '--port', new URL(server.url).port])
  await page.getByText('The server went away.').waitFor({ state: 'detached', ...patient })
  await verdict('Watching')
  await open(`/comparisons/${failed}`)
  await see(/^FAIL at /)
})

it('ranks fifty operations over two hours', async () => {
  await send(server.url, {
    service: 'fifty',
    startMs: minute - 124 * 60_000,
    seconds: 7_200,
    rate: 0.02,
    operations: fiftyOperations,
    failing: 0.9,
    seed: 3,
  })
  const id = await compare({ service: 'fifty', forMs: 4 * 3_600_000 })
  await open(`/comparisons/${id}`)
  await page.getByRole('button', { name: 'Show all 50 operations' }).click(patient)
  const rows = page.getByRole('region', { name: 'Table: Table of operations' }).getByRole('row')
  expect(await rows.count()).toBe(51)
  expect(await rows.nth(1).textContent()).toContain(fiftyOperations[0])
  await lookAt('fifty')
})

const hostile = '<img src=x onerror=alert(1)>'

it('shows hostile names as the text that they are', async () => {
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

it('has a page of services, one of each service, of test traffic, of how the server is, and of what is not there', async () => {
  await open('/')
  await page
    .getByRole('link', { name: /^storefront/ })
    .first()
    .waitFor(patient)
  await lookAt('home')
  await page.getByRole('link', { name: 'storefront', exact: true }).click()
  await see('Marks of its last hour')
  await lookAt('service')
  await page.getByRole('link', { name: 'Test traffic' }).click()
  await page.getByRole('rowheader', { name: 'storefront' }).waitFor(patient)
  await lookAt('tests')
  await page.getByRole('link', { name: 'Status' }).click()
  await see('are taken.')
  await lookAt('status')
  await open('/comparisons/000000000000')
  await see('There is no such thing here')
  await lookAt('nothing')
  await open(`/compare?${new URLSearchParams({ service: 'storefront', ...cohorts })}`)
  await page.waitForURL(`**/comparisons/${failed}`, patient)
})

it('is a report in one file, which opens from disk', async () => {
  const asked = ['report', failed, '--server', server.url, '--format', 'html', '--output', 'report.html']
  expect(await coalmine(folder, asked)).toMatchObject({ code: 0, stdout: '', stderr: '' })
  const file = join(folder, 'report.html')
  expect(statSync(file).size).toBeLessThan(1_000_000)
  await page.goto(`${pathToFileURL(file).href}#operation=GET+%2Fcart`)
  await verdict('Fail')
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor(patient)
  await lookAt('report')
})

it('asks for the token where there is one, and remembers who gave it', async () => {
  await server.stop()
  const token = 'a-token-of-this-test'
  server = await serve(folder, ['--watermark', '0s', '--token', token])
  await open(`/comparisons/${failed}?operation=GET+%2Fcart`)
  await see('This server asks for a token')
  await lookAt('login')
  await page.getByLabel('Token').fill('another-one-entirely')
  await page.getByRole('button', { name: 'Log in' }).click()
  await see('This is not a token of this server.')
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
  await page.reload()
  await verdict('Fail')
  expect(page.url()).not.toContain(token)
})

it('has nothing that axe or the browser complains of, in any of these states', () => {
  expect(problems).toEqual([])
  expect(complaints).toEqual([])
})
