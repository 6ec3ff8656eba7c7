// A small part of the calibration, with bounds that chance alone breaks once in 700 times, and seeds that are written down: `npm run calibrate` has all of it.
import { expect, test } from 'vitest'
import { cells } from './cells.ts'
import { judgeCell } from './requirement.ts'
import { simulate } from './simulate.ts'

const small = [
  { name: 'latency', runs: 400 },
  { name: 'latency, level +-30 % and ramp 5, 25, 50 %', runs: 100 },
  { name: 'errors 1 %', runs: 400 },
  { name: 'errors 0.5 %, level +-80 % and ramp 5, 25, 50 %', runs: 200 },
  { name: 'errors 1 %, odds ratio exactly 1.5', runs: 200 },
  { name: 'latency +25 %', runs: 100 },
  { name: 'errors 1 % x 5', runs: 100 },
  { name: 'latency +25 %, one finding', runs: 100 },
  { name: 'errors 1 % x 5, with latency and 4xx in the gate', runs: 100 },
  { name: 'latency +25 % from the 15th minute on', runs: 20 },
  { name: '2 % of requests x 5', runs: 60 },
  { name: 'the declared 10 % arrive: split missed', runs: 200 },
]

const chosen = small.flatMap(({ name, runs }) =>
  cells.filter((cell) => cell.name === name).map((cell) => ({ ...cell, runs })),
)

test.each(chosen)('$group: $name', (cell) => {
  const { measured, required, mayHold } = judgeCell(cell, simulate(cell, 1))
  expect(mayHold, `measured ${measured}, must be ${required}`).toBe(true)
})

test('every small cell is one of the full calibration', () => {
  expect(small.filter(({ name }) => !cells.some((cell) => cell.name === name))).toEqual([])
})
