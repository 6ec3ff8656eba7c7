// A small part of the calibration, with bounds that chance alone breaks once in 700 times, and seeds that are written down: `npm run calibrate` has all of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cells, seedOf } from './cells.ts'
import { openKept } from './kept.ts'
import { judgeCell } from './requirement.ts'

const small: readonly { readonly name: string; readonly runs: number; readonly group?: string }[] = [
  { name: 'latency', runs: 60 },
  { name: 'latency, +-30 % and ramp 5, 25, 50 %', runs: 30 },
  { name: 'errors 1 %', runs: 100 },
  { name: 'errors 0.5 %, +-80 % and ramp 5, 25, 50 %', runs: 100 },
  { name: 'errors 1 %, odds ratio exactly 1.5', runs: 100 },
  { name: 'latency +25 %', group: 'T2', runs: 100 },
  { name: 'latency +25 %', group: 'T9', runs: 16 },
  { name: 'errors 1 % x 5', runs: 100 },
  { name: 'latency +25 %, one finding', runs: 100 },
  { name: 'errors 1 % x 5, with latency and 4xx in the gate', runs: 100 },
  { name: 'latency +25 % from the 15th minute on', runs: 20 },
  { name: '2 % of requests x 5', runs: 60 },
  { name: 'the declared 10 % arrive: split missed', runs: 100 },
  { name: '1 + 1: stalls of 1 to 2 s, every 2 minutes', runs: 12 },
  { name: '1 + 9: half of all requests fail for 1 to 5 s, every 5 minutes', runs: 12 },
  { name: '3 + 3: no connections for 10 to 20 s, every 15 minutes', runs: 12 },
  { name: '1 + 1: CPU is stolen from all for 1 to 3 min, every 15 minutes', runs: 12 },
  { name: 'latency x 2', runs: 12 },
  { name: 'equal, default margins', runs: 60 },
  { name: 'half of all requests fail, a request a minute', runs: 20 },
  { name: 'ten times slower', runs: 20 },
  { name: 'latency +50 %: combination', runs: 12 },
  { name: 'latency +50 %: both', runs: 12 },
]

const chosen = small.flatMap(({ name, runs, group = '' }) =>
  cells.filter((cell) => cell.name === name && cell.group.startsWith(group)).map((cell) => ({ ...cell, runs })),
)

test.each(chosen)('$group: $name', (cell) => {
  const { measured, required, mayHold } = judgeCell(cell, cell.measure(cell, 1))
  expect(mayHold, `measured ${measured}, must be ${required}`).toBe(true)
})

test('every small cell is one of the full calibration', () => {
  const known = small.filter(({ name, group = '' }) =>
    cells.some((cell) => cell.name === name && cell.group.startsWith(group)),
  )
  expect(known).toEqual(small)
})

test('what was measured is kept for the same cell, seed and code, with times that never came', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-kept-'))
  try {
    const [cell, other] = cells
    const result = cell!.measure({ ...cell!, runs: 2 }, 1)
    openKept(folder).write(cell!, result)
    expect(result.secondsToFail).toContain(Infinity)
    expect(openKept(folder).read(cell!)).toEqual(result)
    expect(openKept(folder).read({ ...cell!, runs: 3 })).toBeUndefined()
    expect(openKept(folder).read(other!)).toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('no two cells have the same random numbers', () => {
  expect(new Set(cells.map(seedOf)).size).toBe(cells.length)
})
