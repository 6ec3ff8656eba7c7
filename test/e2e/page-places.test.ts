import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { cohorts, newSite, patient } from '../browser/site.ts'
import { fiftyOperations, send } from '../browser/traffic.ts'
import { coalmine } from './coalmine.ts'

const objectives = `slo:
  - service: storefront
    name: shop
    journeys: [GET /cart, GET /products]
    objective: 99.5%
    latency: 300ms
`

const rollout = `rollout:
  stages: [{ share: 10%, approve: true }, { share: 50% }, { share: 100% }]
  actuator: { command: { run: "echo $COALMINE_PERCENT% > now", readBack: cat now } }
`

// The pages beside that of a comparison which runs, which page.test.ts has.
const site = newSite({ 'coalmine.yaml': objectives + rollout })
const minute = Math.floor(Date.now() / 60_000) * 60_000
const startMs = minute - 12 * 60_000

let failed: string

it('ranks fifty operations over two hours', async () => {
  const { server, page, open, compare, lookAt } = site
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

it('has a page of services, one of each service and build, of how the server is, and of what is not there', async () => {
  const { server, page, open, see, post, compare, verdict, lookAt } = site
  await send(server.url, {
    service: 'storefront',
    startMs,
    seconds: 300,
    rate: 2,
    operations: ['GET /cart', 'GET /products'],
    slower: 4,
    failing: 0.3,
  })
  const at = new Date(startMs - 30_000).toISOString()
  const change = {
    url: 'https://example.com/shop/pull/7',
    commit: '4f2c9d1aa0b7c1d2',
    changes: 3,
    environment: 'production',
  }
  const who = { author: 'Maria Sand', mergedBy: 'Noah Reed' }
  await post('/api/changes', { service: 'storefront', version: '2.0.0', ...who, ...change, at })
  await post('/api/changes', { kind: 'event', service: 'storefront', what: 'Database <b>moved</b>' })
  failed = await compare({ service: 'storefront', labels: { author: 'Maria Sand' } })
  await open(`/comparisons/${failed}`)
  await verdict('Fail')
  await see(/^GET \/cart: the canary has cost/)
  await open('/')
  await page
    .getByRole('link', { name: /^storefront/ })
    .first()
    .waitFor(patient)
  await lookAt('home')
  await page.getByRole('link', { name: 'storefront', exact: true }).click()
  await see('Marks of its last hour')
  await page
    .getByRole('rowheader', { name: /↳ 2.0.0/ })
    .first()
    .waitFor(patient)
  await page.getByRole('img', { name: /^Share of requests by build/ }).waitFor(patient)
  await see('Database <b>moved</b>')
  await page.getByRole('heading', { name: 'Delivery' }).waitFor(patient)
  await lookAt('service')
  await page.getByRole('link', { name: 'storefront 2.0.0 deployed' }).click()
  await see('Maria Sand, merged by Noah Reed')
  await see('3 changes: if it does harm, any of them may be the cause.')
  await page.getByRole('img', { name: /^Share of requests by build/ }).waitFor(patient)
  await lookAt('build')
  await page.getByRole('link', { name: 'Status' }).click()
  await see('accepted.')
  await page.getByRole('rowheader', { name: 'storefront' }).waitFor(patient)
  await lookAt('status')
  await open('/comparisons/000000000000')
  await see('Not found')
  await lookAt('nothing')
  await open(`/compare?${new URLSearchParams({ service: 'shop; rm -rf ~', ...cohorts })}`)
  await see("--service 'shop; rm -rf ~' --stable service.version=1.0.0")
  await open(`/compare?${new URLSearchParams({ service: 'storefront', ...cohorts })}`)
  await page.waitForURL(`**/comparisons/${failed}`, patient)
})

it('has the test traffic by run, by entity and by service', async () => {
  const { server, page, open, see, lookAt } = site
  await open('/tests')
  await see('There were none in this time.')
  await lookAt('tests-none')
  for (const [run, entity] of [
    ['load-7', 'user:42,cart:7'],
    ['smoke <b>', 'user:43'],
  ] as const)
    await send(server.url, {
      service: 'storefront',
      startMs: minute - 60_000,
      seconds: 30,
      rate: 1,
      operations: ['GET /cart', 'POST /checkout'],
      versions: ['1.0.0', '1.0.0'],
      attributes: { 'coalmine.test': 'true', 'coalmine.test.run': run, 'coalmine.test.entity': entity },
      seed: 5,
    })
  await page.getByRole('rowheader', { name: 'load-7' }).waitFor(patient)
  await page.getByRole('rowheader', { name: 'user:42' }).waitFor(patient)
  // What it did to users, who were not there for long enough.
  await see('too few minutes without a run to compare with')
  expect(await page.getByRole('region', { name: 'Table: Services touched' }).getByRole('row').count()).toBe(3)
  await lookAt('tests')
})

it('has the line of stages of a rollout, and what may be said to it', async () => {
  const { page, open, see, post, lookAt } = site
  await open('/rollouts')
  await see('No rollouts yet.')
  await lookAt('rollouts-none')
  await post('/api/rollouts', { service: 'storefront', ...cohorts })
  await page.getByRole('link', { name: 'storefront: service.version=2.0.0' }).click(patient)
  await see('Watching this stage')
  await page.getByRole('link', { name: 'The comparison of this stage' }).waitFor(patient)
  await lookAt('rollout')
  await page.getByRole('button', { name: 'Pause' }).click()
  await see('Paused')
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('button', { name: 'Advance' }).click(patient)
  await see('Go on to 50% now, whatever the verdict?')
  await lookAt('rollout-asks')
  await page.getByRole('button', { name: 'Yes, advance' }).click()
  await see('▸ 50%')
  await page.getByRole('link', { name: 'The comparison of this stage' }).click(patient)
  await page.getByRole('region', { name: 'Rollout' }).getByRole('button', { name: 'Abort' }).click(patient)
  await lookAt('rollout-of-comparison')
  await page.getByRole('button', { name: 'Yes, abort' }).click()
  await see('Rolled back')
  await page.getByRole('link', { name: 'What happened in this rollout' }).click()
  await page.getByRole('rowheader').nth(6).waitFor(patient)
  await see('is rolled back')
  await lookAt('rollout-over')
  await open('/rollouts')
  await page.getByRole('rowheader', { name: /^storefront/ }).waitFor(patient)
  await lookAt('rollouts')
})

it('is a report in one file, which opens from disk', async () => {
  const { folder, server, page, verdict, lookAt } = site
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
  const { page, open, see, verdict, restart, lookAt } = site
  await site.server.stop()
  const token = 'a-token-of-this-test'
  await restart(['--token', token])
  await open(`/comparisons/${failed}?operation=GET+%2Fcart`)
  await see('This server needs a token')
  await lookAt('login')
  await page.getByLabel('Token').fill('another-one-entirely')
  await page.getByRole('button', { name: 'Log in' }).click()
  await see('This server does not know that token.')
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'GET /cart' }).waitFor(patient)
  await page.reload()
  await verdict('Fail')
  expect(page.url()).not.toContain(token)
})

it('has nothing that axe or the browser complains of, in any of these states', () => {
  expect(site.problems()).toEqual([])
})
