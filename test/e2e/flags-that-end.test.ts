import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FlagRemoval, FlagsAnswer } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { examplesOn, expectPrinted, filesOn } from './manual.ts'
import { otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-flags-'))
let store: Awaited<ReturnType<typeof storeHere>>
const day = 86_400_000

beforeAll(async () => {
  store = await storeHere(folder)
  for (const { name, content } of filesOn('flags.md')) writeFileSync(join(folder, name), content)
  // Code that names the flags as code does, and files that are nobody's to remove.
  for (const [name, content] of Object.entries({
    'src/cart.ts': 'export const price = (cart) =>\n  isNewPricingOn(cart) ? priceAnew(cart) : priceOld(cart)\n',
    'src/flags.ts': "export const NEW_PRICING = 'new-pricing'\nexport const other = 'new-pricing-page'\n",
    'node_modules/sdk/index.js': "'new-pricing'\n",
    'logo.bin': '\0new-pricing',
  })) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  writeFileSync(join(folder, 'shop.jsonl'), traffic().join('\n'))
  expect(await coalmine(folder, ['import', 'shop.jsonl'])).toMatchObject({ code: 0 })
  rmSync(join(folder, 'shop.jsonl'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Seconds of traffic on some days: enough for each state. */
function traffic(): string[] {
  const shop = { service: 'shop', route: 'GET /cart', medianMs: 20, seconds: 2 }
  const lines: string[] = []
  for (const ago of [40, 34, 29, 20, 9, 4, 0]) {
    const from = tickAgo(ago * day + 120_000)
    const add = (perSecond: number, flags: Record<string, string>, version = '2.1.0'): void => {
      lines.push(...otlpLines({ ...shop, version, from, perSecond, flags, seed: ago * 10 + perSecond }))
    }
    add(60, { 'new-pricing': 'on', 'kill-checkout': 'off', ...(ago <= 10 && { 'one-click': 'on' }) })
    add(20, { 'new-cart': 'b' })
    add(20, { 'new-cart': 'a' })
    if (ago >= 20) add(5, { 'new-pricing': 'off' }, '1.9.0')
    if (ago >= 34) add(10, { 'old-banner': 'on' }, '1.9.0')
    if (ago <= 10) add(4, { 'one-click': 'off' })
  }
  return lines
}

it('tells which flags can go, as the manual shows it', async () => {
  const [example] = examplesOn('flags.md')
  const run = await coalmine(folder, example!.args)
  if (process.env['SHOW']) console.log(run.stdout)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expectPrinted(example!, run.stdout)
  const { flags } = JSON.parse((await coalmine(folder, ['flags', '--format', 'json'])).stdout) as FlagsAnswer
  expect(flags.map(({ flag, state, why, owner }) => [flag, state, why, owner])).toEqual([
    ['old-banner', 'unseen', 'no-build', null],
    ['new-pricing', 'settled', null, 'maria'],
    ['new-cart', 'stuck', null, null],
    ['one-click', 'new', null, null],
    ['kill-checkout', 'permanent', null, null],
  ])
})

const check = async (...args: string[]): Promise<{ code: number | null; removal: FlagRemoval }> => {
  const { code, stdout } = await coalmine(folder, ['flags', 'check', ...args, '--format', 'json'])
  return { code, removal: JSON.parse(stdout) as FlagRemoval }
}

it('says in a pipeline what is in the way of removing a flag', async () => {
  const [, example] = examplesOn('flags.md')
  const run = await coalmine(folder, example!.args)
  if (process.env['SHOW']) console.log(run.stdout)
  expect(run).toMatchObject({ code: 1, stderr: '' })
  expectPrinted(example!, run.stdout)

  const { removal } = await check('new-pricing', '--keep', 'on', '--code', '.')
  expect(removal.references.map(({ file, line }) => `${file}:${line}`)).toEqual(['src/cart.ts:2', 'src/flags.ts:1'])
  // Everybody gets it: the code may go, though the build that serves asks until it is replaced.
  const kept = await check('new-pricing', '--keep', 'on')
  expect([kept.code, kept.removal.problems]).toEqual([0, []])
  expect(kept.removal.notes.join('\n')).toMatch(/build 2\.1\.0 .* still asks for it: the flag must stay/)
  expect(kept.removal.notes.join('\n')).toMatch(
    /none of \d+ requests within 7 days got another variant than on: less than .* % do \(95 %\)/,
  )
  // The flag itself may not, nor the other branch.
  expect((await check('new-pricing')).removal.problems).toEqual([
    expect.stringMatching(/^shop: build 2\.1\.0 \(last within the hour\) still asks for it$/),
  ])
  expect((await check('new-pricing', '--keep', 'off')).removal.problems[0]).toBe('shop: users get on (100 %), not off')
  expect((await check('one-click', '--keep', 'on')).removal.problems).toEqual([
    expect.stringMatching(/^shop: \d+ requests got off within 30 days, .* %; the last within the hour$/),
  ])
  expect((await check('kill-checkout', '--keep', 'off')).removal.problems).toEqual([
    'it is declared permanent in coalmine.yaml',
  ])
  expect((await check('old-banner')).code).toBe(0)
  expect((await check('never-heard-of')).removal.notes[0]).toMatch(
    /^No user request .* has met it in the last \d+ days/,
  )
  expect((await check('never-heard-of')).removal.notes[1]).toBe(
    'Flags that were met: old-banner, new-pricing, new-cart, one-click, kill-checkout.',
  )
  expect((await check('new-pricin')).removal.notes[1]).toBe('Is it mistyped? There is a flag new-pricing.')
  const mistyped = await coalmine(folder, ['flags', 'check', 'newPricing'])
  expect([mistyped.code, mistyped.stderr]).toEqual([64, expect.stringContaining('did you mean new-pricing?')])
  expect((await coalmine(folder, ['flags', 'check', 'x', '--service', 'nobody'])).code).toBe(3)
  expect((await coalmine(folder, ['flags', 'check', 'new-pricing', '--code', 'nowhere'])).code).toBe(64)
})
