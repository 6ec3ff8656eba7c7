import { expect, it } from 'vitest'
import { margin, port, storeOption, windowMilliseconds } from './options.ts'

it.each([
  ['latency=5%,1ms', { latency: '5%,1ms' }],
  ['latency=5%,1ms errors=2', { latency: '5%,1ms', errors: '2' }],
  [' latency=5%, 1ms  4xx=2, 0.1pp ', { latency: '5%, 1ms', '4xx': '2, 0.1pp' }],
])('reads the margins %j', (text, margins) => {
  expect(margin(text)).toEqual(margins)
})

it('adds to the margins before, and replaces the same metric', () => {
  expect(margin('errors=3', { errors: '2', latency: '5%' })).toEqual({ errors: '3', latency: '5%' })
})

it.each(['latency', '=5%', ''])('refuses %j', (text) => {
  expect(() => margin(text)).toThrow('Expected metric=values')
})

it('reads the length of a window, which is not nothing', () => {
  expect(windowMilliseconds('90s')).toBe(90_000)
  expect(() => windowMilliseconds('0s')).toThrow('above zero')
  expect(() => windowMilliseconds('90')).toThrow('such as 90s')
})

it.each(['', ' ', '~/store', '~', 'http:store'])('refuses %j as the place of a store', (text) => {
  expect(() => storeOption().parseArg!(text, undefined)).toThrow(/Expected|shell/)
})

it.each(['', '65536', '1.5', 'x'])('refuses %j as a port', (text) => {
  expect(() => port(text)).toThrow('Expected a port')
})
