import { describe, expect, it } from 'vitest'
import { rangeOf } from '../charts/range.ts'
import { count, duration, effectText, oddsOf } from '../data/format.ts'
import { marginOf, marginText } from './margin.ts'

describe('the margin on the scale of the effect', () => {
  const side = (value: number) => ({ count: 100, events: null, value })
  it.each([
    ['10%,2ms', 'ratio', 0.1, 1.1],
    ['10%,2ms', 'ratio', 0.01, 1.2],
    ['5%', 'ratio', 3, 1.05],
    ['1.5,0.1pp', 'odds-ratio', 0.1, 1.5],
    ['1.5,0.1pp', 'difference', 0, 0.001],
    ['0.5pp', 'difference', 0.01, 0.005],
  ] as const)('%s of a %s at %f', (margin, kind, stable, expected) => {
    expect(marginOf({ margin, effect: { kind, value: 1 }, stable: side(stable) })).toBeCloseTo(expected, 9)
  })
})

describe('the range in the URL', () => {
  it.each([
    [{}, { from: 0, to: 600 }],
    [
      { from: '60', to: '120' },
      { from: 60, to: 120 },
    ],
    [
      { from: '60', to: '9999' },
      { from: 60, to: 600 },
    ],
    [{ from: '700' }, { from: 0, to: 600 }],
    [
      { from: 'x', to: '<script>' },
      { from: 0, to: 600 },
    ],
  ])('%o', (chosen, expected) => {
    expect(rangeOf(chosen, 600)).toEqual(expected)
  })
})

it('numbers read as they do in the verdict', () => {
  expect(count(4200)).toBe('4\u202f200')
  expect(duration(75)).toBe('1\u00a0min 15\u00a0s')
  expect(effectText(0.004, 'difference')).toBe('+0.4\u00a0pp')
  expect(oddsOf(Math.log(110))).toBe('1 in 110')
})

it.each([
  ['10%,2ms', '10\u00a0% or 2\u00a0ms'],
  ['1.5,0.1pp', 'odds ×\u00a01.5 or 0.1\u00a0pp'],
  ['5%', '5\u00a0%'],
  ['none', 'none'],
])('a margin of %j reads %j', (margin, text) => {
  expect(marginText(margin)).toBe(text)
})
