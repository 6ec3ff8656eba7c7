import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { defaultPolicy, parsePolicy, policyHash } from './policy.ts'

describe('coalmine.yaml', () => {
  it('names the comparison and its policy', () => {
    const text =
      'service: checkout\nstable: service.version=1\naudience: beta\nalpha: 0.01\nmetrics:\n  latency:\n    margin: 5%,1ms\nsplit: 10%\n'
    const config = parseConfig(text, 'coalmine.yaml')
    expect(config).toMatchObject({ service: 'checkout', stable: 'service.version=1', audience: 'beta' })
    expect(parsePolicy(config.policy)).toMatchObject({
      kind: 'policy',
      policy: {
        alpha: 0.01,
        split: 0.1,
        metrics: [
          { name: 'latency', margin: { ratio: 0.05, seconds: 0.001 }, gate: 'on', hypothesis: false },
          { name: 'errors', margin: { oddsRatio: 1.5 } },
          { name: 'client-errors' },
          { name: 'lost-requests' },
          { name: 'inner-errors', gate: 'advisory' },
        ],
      },
    })
  })

  it('may be empty', () => {
    expect(parseConfig('', 'coalmine.yaml')).toEqual({ policy: {}, parsed: defaultPolicy })
  })

  it.each([
    ['alpha: 5\n', 'coalmine.yaml:1: alpha: expected a number below 1, got 5'],
    ['service: a\nalpah: 0.05\n', 'coalmine.yaml:2: alpah: unknown key; did you mean alpha?'],
    [
      'metrics:\n  latency: 10\n',
      'coalmine.yaml:2: metrics.latency: expected true, advisory, off, or keys such as margin',
    ],
    [
      'metrics:\n  latency:\n    margin: 10\n',
      'coalmine.yaml:3: metrics.latency.margin: expected text such as 10%,2ms or 1.5,0.1pp or 5%, got 10',
    ],
    [
      'metrics:\n  errors: { margin: fast }\n',
      'coalmine.yaml:2: metrics.errors.margin: expected a margin such as 1.5,0.1pp (an odds ratio of 1 or more, percentage points below 100), got "fast"',
    ],
    [
      'metrics:\n  4xx: off\n  cost: { margin: 5% }\n',
      'coalmine.yaml:3: metrics.cost: unknown metric; expected one of latency, errors, client-errors, inner-errors, lost-requests, throughput, or say what it measures with attribute, calls or share',
    ],
    [
      'metrics:\n  cost:\n    attribute: app.cost\n    calls: db.system.name=postgresql\n',
      'coalmine.yaml:4: metrics.cost.calls: expected only one of attribute, calls, share, got attribute too',
    ],
    [
      'metrics:\n  latency:\n    marign: 5%\n',
      'coalmine.yaml:3: metrics.latency.marign: unknown key; did you mean margin?',
    ],
    [
      'metrics: { latency: { margin: 5%,1ms } }\n',
      'coalmine.yaml:1: metrics.latency.1ms: inside { } a margin of two halves needs quotes, such as "5%,1ms"',
    ],
    [
      'metrics:\n  latency:\n    expect: worse-by-at-most\n',
      'coalmine.yaml:3: metrics.latency.margin: expected a margin such as 5%, since expect is worse-by-at-most',
    ],
    [
      'metrics:\n  latency:\n    expect: same\n    margin: 100%\n',
      'coalmine.yaml:4: metrics.latency.margin: expected a margin below 100 %, such as 10%,2ms, got "100%"',
    ],
    [
      'metrics:\n  latency: { expect: same, margin: 0% }\n',
      'coalmine.yaml:2: metrics.latency.margin: expected a margin above zero, since no amount of traffic proves that two things are exactly the same, got "0%"',
    ],
    [
      'metrics:\n  cost: { attribute: app.cost, worse: highr, weight: -1, critical: 1, reason: "" }\n',
      [
        'coalmine.yaml:2: metrics.cost.worse: expected one of higher, lower, got "highr"',
        'coalmine.yaml:2: metrics.cost.weight: expected a number above 0, got -1',
        'coalmine.yaml:2: metrics.cost.critical: expected true or false, got 1',
        'coalmine.yaml:2: metrics.cost.reason: expected text, got ""',
      ].join('\n'),
    ],
    [
      'service: a\nmode: { looks: 5, spending: pocock }\n',
      'coalmine.yaml:2: mode: planned looks are no longer needed: leave out "mode" to look as often as you like at the same error rate, or write "mode: fixed" for one look at the end',
    ],
    [
      'metrics:\n  lost-requests:\n    expect: better\n',
      'coalmine.yaml:3: metrics.lost-requests.expect: expected no-worse or worse-by-at-most of lost requests, got better',
    ],
    [
      'metrics:\n  latency:\n    gate: maybe\n',
      'coalmine.yaml:3: metrics.latency.gate: expected true, advisory or off, got "maybe"',
    ],
    [
      '\n\nsplit: 110%\n',
      'coalmine.yaml:3: split: expected a share between 0 and 1 or a percentage such as 50%, got "110%"',
    ],
    ['audience: beta\ntraffic: robots\n', 'coalmine.yaml:2: traffic: expected one of users, test, all, got "robots"'],
    ['metrics:\n  4xx: { margin: fast }\n', 'coalmine.yaml:2: metrics.4xx.margin: expected a margin such as 1.5,0.1pp'],
    [
      'metrics:\n  client-errors: off\n  4xx: off\n',
      'coalmine.yaml:3: metrics.4xx: an old name of client-errors, which is there too: leave it out',
    ],
    ['colour: red\n', 'coalmine.yaml:1: colour: unknown key; expected one of service, stable, canary, '],
    ['service: 7\n', 'coalmine.yaml:1: service: expected text, got 7'],
    [
      'split: 0\nservice: 7\nmetrics: { latency: { gate: maybe } }\nalpah: 1\n',
      'coalmine.yaml:1: split: expected a share between 0 and 1 or a percentage such as 50%, got 0\ncoalmine.yaml:2: service: expected text, got 7\ncoalmine.yaml:3: metrics.latency.gate: expected true, advisory or off, got "maybe"\ncoalmine.yaml:4: alpah: unknown key; did you mean alpha?',
    ],
    ['- a\n', 'coalmine.yaml: expected keys and values, such as "alpha: 0.05"'],
    ['a: b: c\n', 'coalmine.yaml:1: Nested mappings are not allowed in compact mappings'],
  ])('%j is refused with key, line and what was expected', (text, message) => {
    expect(() => parseConfig(text, 'coalmine.yaml')).toThrow(message)
  })
})

describe('a metric of one’s own', () => {
  it.each<[string, object]>([
    ['attribute: app.cost', { measure: { kind: 'attribute', key: 'app.cost', reduce: 'sum' }, margin: { ratio: 0.1 } }],
    [
      'attribute: app.depth, reduce: max, margin: 200%',
      { measure: { kind: 'attribute', key: 'app.depth', reduce: 'max' }, margin: { ratio: 2 } },
    ],
    [
      'attribute: app.cost, expect: better, margin: 2%, reason: cheaper by the cache',
      { expect: 'better', margin: { ratio: 0.02 }, reason: 'cheaper by the cache', hypothesis: true },
    ],
    ['attribute: app.revenue, worse: lower, expect: better', { worse: 'lower', margin: { ratio: 0 } }],
    ['calls: db.system.name=postgresql, gate: advisory', { measure: { kind: 'calls' }, gate: 'advisory' }],
    [
      'share: app.cache.hit=true, worse: lower, critical: true, weight: 2',
      { measure: { kind: 'share', of: 'app.cache.hit=true' }, margin: { oddsRatio: 1.5 }, critical: true, weight: 2 },
    ],
  ])('%s', (keys, expected) => {
    const { policy } = parseConfig(`metrics:\n  mine: { ${keys} }\n`, 'coalmine.yaml')
    const parsed = parsePolicy(policy)
    expect(parsed.kind === 'policy' && parsed.policy.metrics.at(-1)).toMatchObject({ name: 'mine', ...expected })
  })
})

it('reads 4xx as client-errors, which it was called before', () => {
  const policyOf = (text: string) => {
    const { policy } = parseConfig(text, 'coalmine.yaml')
    const parsed = parsePolicy(policy)
    return parsed.kind === 'policy' ? policyHash(parsed.policy) : parsed.problems
  }
  const before = policyOf('metrics:\n  4xx: { margin: "2,1pp", gate: advisory }\n')
  expect(before).toBe(policyOf('metrics:\n  client-errors: { margin: "2,1pp", gate: advisory }\n'))
  expect(before).not.toBe(policyHash(defaultPolicy))
})

it('a policy has the same hash however its keys are ordered, and another when it differs', () => {
  const { alpha, ...rest } = defaultPolicy
  expect(policyHash({ ...rest, alpha })).toBe(policyHash(defaultPolicy))
  expect(policyHash({ ...rest, alpha: 0.01 })).not.toBe(policyHash(defaultPolicy))
})
