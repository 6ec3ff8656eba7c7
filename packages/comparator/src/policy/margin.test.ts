import { describe, expect, it } from 'vitest'
import { formatMargin, type MarginForm, parseMargin } from './margin.ts'

describe('a margin', () => {
  it.each<[MarginForm, string, unknown]>([
    ['latency', '10%,2ms', { ratio: 0.1, seconds: 0.002 }],
    ['latency', '2ms', { ratio: 0, seconds: 0.002 }],
    ['latency', '5%, 0.5s', { ratio: 0.05, seconds: 0.5 }],
    ['rate', '1.5,0.1pp', { oddsRatio: 1.5, difference: 0.001 }],
    ['rate', '2', { oddsRatio: 2, difference: 0 }],
    ['rate', '1pp', { oddsRatio: 1, difference: 0.01 }],
    ['loss', '5%', { ratio: 0.05 }],
    ['ratio', '200%', { ratio: 2 }],
  ])('of %s reads %s', (metric, text, margin) => {
    expect(parseMargin(metric, text)).toEqual(margin)
  })

  it.each<[MarginForm, string]>([
    ['latency', '10%,2ms'],
    ['rate', '1.5,0.1pp'],
    ['loss', '5%'],
  ])('of %s is written as it is read: %s', (metric, text) => {
    expect(formatMargin(parseMargin(metric, text))).toBe(text)
  })

  it.each<[MarginForm, string, RegExp]>([
    ['latency', '10', /^expected a latency margin such as 10%,2ms, got "10"$/],
    ['latency', '', /such as 10%,2ms, got ""/],
    ['latency', '-5%', /got "-5%"/],
    ['latency', '5%,10%', /each half of a margin once, got "5%,10%"/],
    ['rate', '2,3', /each half of a margin once/],
    ['rate', '0.5', /an odds ratio of 1 or more, percentage points below 100\), got "0\.5"/],
    ['rate', '100pp', /got "100pp"/],
    ['loss', '100%', /below 100 %, such as 5%, got "100%"/],
  ])('of %s refuses "%s" and says what was expected', (metric, text, message) => {
    expect(() => parseMargin(metric, text)).toThrow(message)
  })
})
