import type { Finding, Slo, Verdict } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { impactsOf } from './impact.ts'
import { severityRules } from './settings.ts'
import { rollsBackItself, severityOf } from './severity.ts'

type Part = Partial<Finding> & { readonly values?: readonly [stable: number, canary: number] }

/** A finding of 600 requests of each cohort in ten minutes. */
const finding = ({ values: [stable, canary] = [0.002, 0.031], ...more }: Part = {}): Finding =>
  ({
    metric: 'errors',
    operation: 'GET /cart',
    decision: 'fail',
    gate: 'on',
    expect: 'no-worse',
    statistic: 'share of requests',
    unit: 'share',
    part: 'rate',
    effect: { kind: 'odds-ratio', value: 2 },
    stable: { count: 6_000, events: null, value: stable },
    canary: { count: 6_000, events: null, value: canary },
    evidence: { worse: { kind: 'e-value', logE: 9, needed: 3 } },
    ...more,
  }) as unknown as Finding

const verdict = (findings: readonly Finding[], more: object = {}): Verdict =>
  ({
    verdict: 'fail',
    service: 'shop',
    traffic: 'users',
    window: { seconds: 600 },
    reasons: [],
    findings,
    ...more,
  }) as unknown as Verdict

it.each<[Part, string]>([
  [{}, 'GET /cart: 3.1 % of requests fail, 0.2 % on stable; about 17 requests a minute'],
  [{ operation: null }, 'shop: 3.1 % of requests fail, 0.2 % on stable; about 17 requests a minute'],
  [{ values: [0, 0.0004] }, 'GET /cart: 0.04 % of requests fail, 0 % on stable; about 0.24 requests a minute'],
  [
    { metric: 'client-errors' },
    'GET /cart: 3.1 % of requests get a client error, 0.2 % on stable; about 17 requests a minute',
  ],
  [
    { metric: 'latency', unit: 'seconds', statistic: 'p50', part: 'typical', values: [0.05, 0.0964] },
    'GET /cart: the typical request takes 96.4 ms, 50 ms on stable; about 300 requests a minute',
  ],
  [
    { metric: 'latency', unit: 'seconds', statistic: 'p99', part: 'slowest 1 %', values: [0.5, 2] },
    'GET /cart: the slowest 1 % of requests take at least 2000 ms, 500 ms on stable; about 6 requests a minute',
  ],
  [
    {
      metric: 'lost-requests',
      operation: null,
      statistic: 'share of traffic',
      effect: { kind: 'difference', value: -0.02 },
      values: [0.92, 0.08],
    },
    'shop: 8 % of requests reach the canary, where 10 % should; about 24 requests a minute',
  ],
  [
    { metric: 'cost', unit: 'number', statistic: 'p50', part: 'typical', values: [10, 12] },
    'GET /cart: cost is 12, 10 on stable',
  ],
])('says what users feel: %j', (part, sentence) => {
  expect(impactsOf(verdict([finding(part)])).map((impact) => impact.sentence)).toEqual([sentence])
})

it('says the worst first, and nothing of a service that an operation explains', () => {
  const findings = [
    finding({ operation: null }),
    finding({ operation: 'GET /items' }),
    finding({ evidence: { worse: { kind: 'e-value', logE: 90, needed: 3 } } as Finding['evidence'] }),
    finding({ operation: 'GET /fine', decision: 'pass' }),
  ]
  expect(impactsOf(verdict(findings)).map(({ operation }) => operation)).toEqual(['GET /cart', 'GET /items'])
})

const config = { targets: {}, services: { shop: { critical: ['GET /cart'] } } }
const carts: Slo = {
  name: 'carts',
  service: 'shop',
  journeys: ['GET /items'],
  objective: 0.999,
  windowSeconds: 2_592_000,
  latencySeconds: null,
  critical: true,
  expect: null,
}
const rules = severityRules(config, [carts])

const few = finding({ values: [0.002, 0.01] })
const budgetOf = ({ burn = 0, lasts = null }: { burn?: number; lasts?: number | null }) => ({
  operation: 'GET /cart',
  burn: { service: burn },
  lasts: { seconds: lasts },
  rampLasts: null,
})

it.each<[string, Verdict, boolean, string]>([
  ['a critical operation that hurts enough', verdict([finding()]), false, 'page'],
  ['one that an error budget calls critical', verdict([finding({ operation: 'GET /items' })]), false, 'page'],
  ['one that hurts few, and burns the budget', verdict([few], { budget: [budgetOf({ burn: 15 })] }), false, 'page'],
  ['one that has no budget left by morning', verdict([few], { budget: [budgetOf({ lasts: 30_000 })] }), false, 'page'],
  ['one whose budget lasts', verdict([few], { budget: [budgetOf({ burn: 3, lasts: 90_000 })] }), false, 'notify'],
  ['one that is rolled back', verdict([finding()]), true, 'notify'],
  ['one that hurts few', verdict([finding({ values: [0.002, 0.01] })]), false, 'notify'],
  ['an operation that is not critical', verdict([finding({ operation: 'GET /about' })]), false, 'notify'],
  [
    'the whole service, while no critical operation is proved to fail',
    verdict([finding({ operation: null })]),
    false,
    'notify',
  ],
  ['test traffic', verdict([finding()], { traffic: 'test' }), false, 'record'],
  ['a promise that was not kept', verdict([finding({ expect: 'better' })]), false, 'record'],
  ['what is not settled', verdict([finding()], { verdict: 'inconclusive' }), false, 'record'],
])('is as urgent as it hurts: %s', (_, judged, isRolledBack, severity) => {
  expect(severityOf(judged, rules, isRolledBack)).toBe(severity)
})

it('knows what rolls back by itself', () => {
  expect([{}, { rollback: 'automatic' }, { gate: 'flagger' }, { rollback: 'manual' }].map(rollsBackItself)).toEqual([
    false,
    true,
    true,
    false,
  ])
})
