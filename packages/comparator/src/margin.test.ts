import { describe, expect, it } from 'vitest'
import { formatMargin, type Metric, parseMargin } from './margin.ts'

describe('a margin', () => {
  it.each<[Metric, string, unknown]>([
    ['latency', '10%,2ms', { ratio: 0.1, seconds: 0.002 }],
    ['latency', '2ms', { ratio: 0, seconds: 0.002 }],
    ['latency', '5%, 0.5s', { ratio: 0.05, seconds: 0.5 }],
    ['errors', '1.5,0.1pp', { oddsRatio: 1.5, difference: 0.001 }],
    ['errors', '2', { oddsRatio: 2, difference: 0 }],
    ['4xx', '1pp', { oddsRatio: 1, difference: 0.01 }],
    ['lost-requests', '5%', { ratio: 0.05 }],
  ])('of %s reads %s', (metric, text, margin) => {
    expect(parseMargin(metric, text, '--margin')).toEqual(margin)
  })

  it.each<[Metric, string]>([
    ['latency', '10%,2ms'],
    ['errors', '1.5,0.1pp'],
    ['lost-requests', '5%'],
  ])('of %s is written as it is read: %s', (metric, text) => {
    expect(formatMargin(parseMargin(metric, text, ''))).toBe(text)
  })

  it.each<[Metric, string, RegExp]>([
    ['latency', '10', /^--margin: expected a latency margin such as 10%,2ms, got "10"$/],
    ['latency', '', /such as 10%,2ms, got ""/],
    ['latency', '-5%', /got "-5%"/],
    ['latency', '5%,10%', /each half of a margin once, got "5%,10%"/],
    ['errors', '2,3', /each half of a margin once/],
    ['errors', '0.5', /an odds ratio of 1 or more, percentage points below 100\), got "0\.5"/],
    ['errors', '100pp', /got "100pp"/],
    ['lost-requests', '100%', /such as 5%, got "100%"/],
  ])('of %s refuses "%s" and says what was expected', (metric, text, message) => {
    expect(() => parseMargin(metric, text, '--margin')).toThrow(message)
  })
})
