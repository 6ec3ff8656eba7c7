import type { BurnAlert } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { newRaisedAlerts } from './raised-alerts.ts'

const alert = (key: string): BurnAlert => ({
  key,
  slo: 'cart',
  service: 'shop',
  operation: null,
  build: key,
  share: 0.01,
  burn: 20,
  serviceBurn: 0.7,
  critical: false,
  title: key,
  text: [],
})
const minute = 60_000

it('tells of an alert once, and once that it has been over for ten minutes', () => {
  const alerts = newRaisedAlerts()
  const told = (burning: readonly string[], minutes: number) => {
    const { begun, over } = alerts.take(burning.map(alert), minutes * minute)
    return [begun.map(({ key }) => key), over.map(({ key }) => key)]
  }
  expect(told(['2.0.0'], 0)).toEqual([['2.0.0'], []])
  expect(told(['2.0.0'], 1)).toEqual([[], []])
  // It flaps.
  expect(told([], 2)).toEqual([[], []])
  expect(told(['2.0.0', '2.0.1'], 9)).toEqual([['2.0.1'], []])
  expect(told(['2.0.1'], 18)).toEqual([[], []])
  expect(told(['2.0.1'], 19)).toEqual([[], ['2.0.0']])
  expect(told(['2.0.1'], 60)).toEqual([[], []])
  expect(told(['2.0.0'], 61)).toEqual([['2.0.0'], []])
})
