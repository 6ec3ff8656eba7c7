import { expect, it } from 'vitest'
import { readSeries } from './read-series.ts'

const values = { kind: 'values', stable: [10, 12], canary: [11] }
const rates = {
  kind: 'rates',
  rows: [
    { stable: { n: 100, events: 1 }, canary: { n: 10, events: 0 } },
    { stable: { n: 90, events: 2 }, canary: { n: 12, events: 3 } },
  ],
}

it.each([
  ['columns, of which one is shorter', 'stable,canary\n10,11\n12,\n', values],
  ['columns in another order, quoted, beside others', 'time,"Canary",stable\r\n0, 11 ,10\r\n\r\n5,,12\r\n', values],
  ['a byte order mark', '\uFEFFstable,canary\n10,11\n12,\n', values],
  ['counts', 'stable.events,stable.n,canary.events,canary.n\n1,100,0,10\n2,90,3,12\n', rates],
  ['JSON numbers', '{ "stable": [10, 12], "canary": [11] }', values],
  [
    'JSON counts',
    '{"stable":[{"events":1,"n":100},{"events":2,"n":90}],"canary":[{"events":0,"n":10},{"events":3,"n":12}]}',
    rates,
  ],
])('reads %s', (_name, text, series) => {
  expect(readSeries(text, 'series')).toEqual(series)
})

it.each([
  ['', 'series: it is empty; expected the columns stable,canary or'],
  ['a,b\n1,2\n', 'series:1: expected the columns stable,canary or'],
  ['stable,canary\n1,2\n\n3,fast\n', 'series:4: expected a number, got "fast"'],
  ['stable.events,stable.n,canary.events,canary.n\n1,100,0\n', 'series:2: expected a number, got ""'],
  [
    'stable.events,stable.n,canary.events,canary.n\n7,5,0,1\n',
    'series:2: stable: expected whole counts with no more events than n, got 7 of 5',
  ],
  ['{"stable": [1]}', 'series: expected the columns stable,canary or'],
  ['{"stable": [1, null], "canary": []}', 'series: stable[1]: expected a number, got null'],
  ['{"stable": [1', 'series: not JSON:'],
  [
    '{"stable": [{"events":1,"n":2}], "canary": []}',
    'series: rates are compared row by row: expected as many of stable',
  ],
  ['{"stable": [{"events":1}], "canary": [{}]}', 'series: stable[0].n: expected a number'],
])('refuses %j', (text, message) => {
  expect(() => readSeries(text, 'series')).toThrow(message)
})
