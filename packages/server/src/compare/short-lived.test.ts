import { expect, it } from 'vitest'
import { areShortLived } from './short-lived.ts'

const lives = (instances: number, requests: number): { requests: number }[] =>
  Array.from({ length: instances }, () => ({ requests }))

it('instances that each serve a request are no processes', () => {
  expect(areShortLived(lives(400, 1))).toBe(true)
  expect(areShortLived([...lives(400, 1), { requests: 60 }])).toBe(true)
})

it('few instances, or such as serve more, are processes', () => {
  expect(areShortLived(lives(8, 1))).toBe(false)
  expect(areShortLived(lives(400, 12))).toBe(false)
  expect(areShortLived([])).toBe(false)
})
