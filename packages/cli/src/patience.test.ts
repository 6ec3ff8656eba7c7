import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { collecting } from '../test/collecting.ts'
import { type Clock, newPatience, type Patience } from './patience.ts'

const store = mkdtempSync(join(tmpdir(), 'coalmine-patience-'))
const lock = join(store, 'coalmine.lock')
const why = `store ${store} is held by process 4711`
afterAll(() => rmSync(store, { recursive: true }))

let ms: number
beforeEach(() => {
  ms = 0
  writeFileSync(lock, '4711\n')
})

/** A clock that stands still but for pauses, each of which takes so much longer than asked. */
const clock = (slow = 1): Clock => ({
  now: () => ms,
  sleep: async (asked) => {
    ms += slow * asked
  },
})

function patienceOf({ slow = 1, isTTY = false } = {}): { patience: Patience; said: () => string; stop: () => void } {
  const stderr = collecting()
  const stop = new AbortController()
  const io = { stderr: Object.assign(stderr.stream, { isTTY }), stop: stop.signal }
  return { patience: newPatience(store, io, clock(slow)), said: stderr.text, stop: () => stop.abort() }
}

/** Looks until patience ends; how often that was. */
async function looks(patience: Patience): Promise<number> {
  for (let count = 1; ; count++) if (!(await patience.wait(why))) return count
}

const gotOn = (): void => utimesSync(lock, ms / 1_000, ms / 1_000)

it('ends ten seconds after the last progress of the process that has the store', async () => {
  const { patience } = patienceOf()
  for (let looked = 0; looked < 100; looked++) {
    expect(await patience.wait(why)).toBe(true)
    gotOn()
  }
  expect(ms).toBeGreaterThan(40_000)
  const last = ms
  await looks(patience)
  expect(ms - last).toBeGreaterThanOrEqual(10_000)
  expect(ms - last).toBeLessThan(11_000)
})

it('begins anew when another process takes the store', async () => {
  const { patience } = patienceOf()
  while (ms < 9_000) await patience.wait(why)
  rmSync(lock)
  expect(await patience.wait(why)).toBe(true)
  const freed = ms
  writeFileSync(lock, '4712\n')
  await looks(patience)
  expect(ms - freed).toBeGreaterThanOrEqual(10_000)
})

it('looks often enough on a machine on which everything takes long', async () => {
  expect(await looks(patienceOf({ slow: 100 }).patience)).toBeGreaterThan(5)
})

it('says on a terminal, once, for whom it waits, and elsewhere nothing', async () => {
  const [terminal, file] = [patienceOf({ isTTY: true }), patienceOf()]
  await terminal.patience.wait(why)
  expect(terminal.said()).toBe('')
  await looks(terminal.patience)
  await looks(file.patience)
  expect([terminal.said(), file.said()]).toEqual([`coalmine: waiting: ${why}\n`, ''])
})

it('ends when the user stops the command', async () => {
  const { patience, stop } = patienceOf()
  await patience.wait(why)
  stop()
  await expect(patience.wait(why)).rejects.toMatchObject({
    kind: 'interrupted',
    message: `stopped while store ${store} was held by another process`,
  })
})
