import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'
import { readOpenSlo } from './open-slo.ts'
import { readSlos } from './slo-schema.ts'

const config = (text: string) => parseConfig(text, 'coalmine.yaml')

describe('slo: in coalmine.yaml', () => {
  it('names journeys, an objective, a window and a latency', () => {
    const text = `service: storefront
slo:
  - name: checkout
    journeys: [GET /cart, POST /checkout]
    objective: 99.9%
    window: 28d
    latency: 300ms
    critical: true
    expect: 0.5%
  - objective: 0.99
`
    expect(config(text).slos).toEqual([
      {
        name: 'checkout',
        service: 'storefront',
        journeys: ['GET /cart', 'POST /checkout'],
        objective: 0.999,
        windowSeconds: 28 * 86_400,
        latencySeconds: 0.3,
        critical: true,
        expect: 0.005,
      },
      {
        name: 'storefront',
        service: 'storefront',
        journeys: 'service',
        objective: 0.99,
        windowSeconds: 30 * 86_400,
        latencySeconds: null,
        critical: false,
        expect: null,
      },
    ])
  })

  it('may be the name of a file', () => {
    expect(config('slo: objectives.yaml\n')).toMatchObject({ sloFile: 'objectives.yaml' })
    expect(config('service: a\n')).not.toHaveProperty('slos')
  })

  it.each([
    [
      'slo:\n  - objective: 100%\n    service: a\n',
      'coalmine.yaml:2: slo.0.objective: expected a share of good requests below 100 %, such as 99.9%, got "100%"',
    ],
    [
      'slo:\n  - objective: 99.9\n    service: a\n',
      'coalmine.yaml:2: slo.0.objective: expected a share of good requests below 100 %, such as 99.9%, got 99.9',
    ],
    [
      'slo:\n  - objective: 99%\n    service: a\n    windov: 30d\n',
      'coalmine.yaml:4: slo.0.windov: unknown key; did you mean window?',
    ],
    [
      'slo:\n  - objective: 99%\n    service: a\n    window: 1y\n',
      'coalmine.yaml:4: slo.0.window: expected a length of time from 1h to 90d, such as 30d, got "1y"',
    ],
    [
      'slo:\n  - objective: 99%\n    service: a\n    latency: 300\n',
      'coalmine.yaml:4: slo.0.latency: expected a latency such as 300ms, got 300',
    ],
    [
      'slo:\n  - objective: 99%\n    service: a\n    journeys: GET /cart\n',
      'coalmine.yaml:4: slo.0.journeys: expected operations such as [GET /cart, POST /checkout], service or each, got "GET /cart"',
    ],
    [
      'slo:\n  - objective: 99%\n',
      'coalmine.yaml:2: slo.0: expected service: the service that it is for, here or at the top',
    ],
    [
      'service: a\nslo:\n  - objective: 99%\n  - objective: 99.9%\n',
      'coalmine.yaml:4: slo.1: another objective is already called a: give this one another name',
    ],
    [
      'slo: 3\n',
      'coalmine.yaml:1: slo: expected a list of objectives, such as - objective: 99.9%, or the name of an OpenSLO file, got 3',
    ],
  ])('says what is wrong in %j', (text, message) => {
    expect(() => config(text)).toThrow(new RangeError(message))
  })
})

const openSlo = (changes: Record<string, string> = {}): string => {
  const parts = {
    version: 'openslo/v1',
    annotations: 'annotations: { coalmine/journeys: "GET /cart, POST /checkout", coalmine/latency: 300ms }',
    window: '- { duration: 4w, isRolling: true }',
    method: 'Occurrences',
    objective: '- { op: lte, value: 0.3, target: 0.999 }',
    ...changes,
  }
  return `apiVersion: ${parts.version}
kind: SLO
metadata:
  name: cart
  ${parts.annotations}
spec:
  service: storefront
  indicatorRef: cart-latency
  timeWindow:
    ${parts.window}
  budgetingMethod: ${parts.method}
  objectives:
    ${parts.objective}
---
apiVersion: openslo/v1
kind: SLI
metadata: { name: cart-latency }
spec: { thresholdMetric: { metricSource: { metricSourceRef: prom, spec: { query: x } } } }
`
}

describe('a file of OpenSLO', () => {
  it('has the service, the window and the target; annotations say of which operations, and what is slow', () => {
    const found = readOpenSlo(openSlo(), 'slo.yaml')
    expect(found).toEqual([
      {
        name: 'cart',
        service: 'storefront',
        journeys: ['GET /cart', 'POST /checkout'],
        latency: '300ms',
        window: '4w',
        objective: 0.999,
      },
    ])
    expect(readSlos(found, undefined)).toMatchObject({
      kind: 'slos',
      slos: [{ objective: 0.999, windowSeconds: 28 * 86_400, latencySeconds: 0.3 }],
    })
  })

  it('has an objective of ours for each of its own', () => {
    const objective = '- { displayName: most, targetPercent: 99.5 }\n    - { displayName: all, target: 0.9 }'
    expect(readOpenSlo(openSlo({ objective }), 'slo.yaml')).toMatchObject([
      { name: 'cart-most', objective: '99.5%' },
      { name: 'cart-all', objective: 0.9 },
    ])
  })

  it.each([
    [
      { version: 'openslo/v1alpha' },
      'slo.yaml:1: apiVersion: expected openslo/v1, got "openslo/v1alpha": write the document in that version',
    ],
    [
      { method: 'Timeslices' },
      'slo.yaml:11: spec.budgetingMethod: expected Occurrences, got "Timeslices": requests are counted here, not slices of time',
    ],
    [
      { window: '- { duration: 1M, calendar: { startTime: "2026-01-01 00:00:00", timeZone: UTC } }' },
      'slo.yaml:10: spec.timeWindow[0]: calendar windows are not supported: write isRolling: true and a duration such as 30d\nslo.yaml:10: spec.timeWindow[0].duration: expected a length in days or weeks, such as 30d: months and years differ in length, got "1M"',
    ],
    [
      { annotations: 'displayName: Cart' },
      'slo.yaml:13: spec.objectives[0]: op and value give a threshold without a unit: leave them out, and set it in metadata.annotations, as coalmine/latency: 300ms',
    ],
    [
      { objective: '- { target: 0.9, targetPercent: 90 }' },
      'slo.yaml:13: spec.objectives[0]: expected either target, such as 0.999, or targetPercent, such as 99.9',
    ],
    [
      { annotations: 'annotations: { coalmine/journey: a, coalmine/latency: 1s }' },
      'slo.yaml:5: metadata.annotations.coalmine/journey: unknown annotation; expected one of coalmine/journeys, coalmine/latency, coalmine/critical, coalmine/expect',
    ],
  ])('refuses what would mean something else: %j', (changes, message) => {
    expect(() => readOpenSlo(openSlo(changes), 'slo.yaml')).toThrow(new RangeError(message))
  })

  it('refuses a file without any', () => {
    expect(() => readOpenSlo('apiVersion: openslo/v1\nkind: Service\nmetadata: { name: a }\n', 'a.yaml')).toThrow(
      'a.yaml:1: expected a document of kind: SLO, found none',
    )
  })
})
