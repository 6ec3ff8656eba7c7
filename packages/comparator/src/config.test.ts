import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { defaultPolicy, parsePolicy, policyHash } from './policy.ts'

describe('coalmine.yaml', () => {
  it('names the comparison and its policy', () => {
    const text = 'service: checkout\nstable: service.version=1\nalpha: 0.01\nmargins:\n  latency: 5%,1ms\nsplit: 10%\n'
    const config = parseConfig(text, 'coalmine.yaml')
    expect(config).toMatchObject({ service: 'checkout', stable: 'service.version=1' })
    expect(parsePolicy(config.policy)).toMatchObject({
      kind: 'policy',
      policy: {
        alpha: 0.01,
        split: 0.1,
        margins: { latency: { ratio: 0.05, seconds: 0.001 }, errors: { oddsRatio: 1.5 } },
      },
    })
  })

  it('may be empty', () => {
    expect(parseConfig('', 'coalmine.yaml')).toEqual({ policy: {} })
  })

  it.each([
    ['alpha: 5\n', 'coalmine.yaml:1: alpha: Too big: expected number to be <1'],
    [
      'service: a\nalpah: 0.05\n',
      'coalmine.yaml:2: alpah: unknown key; expected one of service, stable, canary, alpha, alphaPass, margins, split, minimumShare, metrics',
    ],
    ['margins:\n  latency: 10\n', 'coalmine.yaml:2: margins.latency: Invalid input: expected string, received number'],
    [
      'margins:\n  errors: fast\n',
      'coalmine.yaml:2: margins.errors: expected a margin for errors such as 1.5,0.1pp (an odds ratio of 1 or more, percentage points below 100), got "fast"',
    ],
    [
      'margins:\n  cost: 5%\n',
      'coalmine.yaml:2: margins.cost: unknown key; expected one of latency, errors, 4xx, lost-requests',
    ],
    [
      '\n\nsplit: 110%\n',
      'coalmine.yaml:3: split: expected a share between 0 and 1 or a percentage such as 50%, got "110%"',
    ],
    ['service: 7\n', 'coalmine.yaml:1: service: expected text, got 7'],
    ['- a\n', 'coalmine.yaml: expected keys and values, such as "alpha: 0.05"'],
    ['a: b: c\n', 'coalmine.yaml:1: Nested mappings are not allowed in compact mappings at line 1, column 4:'],
  ])('%j is refused with key, line and what was expected', (text, message) => {
    expect(() => parseConfig(text, 'coalmine.yaml')).toThrow(new RangeError(message))
  })
})

it('a policy has the same hash however its keys are ordered, and another when it differs', () => {
  const { alpha, ...rest } = defaultPolicy
  expect(policyHash({ ...rest, alpha })).toBe(policyHash(defaultPolicy))
  expect(policyHash({ ...rest, alpha: 0.01 })).not.toBe(policyHash(defaultPolicy))
})
