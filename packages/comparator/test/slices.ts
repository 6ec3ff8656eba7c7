import { histogramOf } from '@coalmine/stats'
import { type Facts, type FairnessFacts, plainFacts, type Slice } from '../src/index.ts'

export interface Arm {
  /** Requests a tick. */
  readonly n: number
  /** Chance of an error. */
  readonly errors?: number
  readonly clientErrors?: number
  /** Every duration times this. */
  readonly slower?: number
  /** A share of requests is this many times slower. */
  readonly tail?: { readonly share: number; readonly times: number }
}

export interface Traffic {
  readonly ticks: number
  readonly seed: number
  readonly operations: Readonly<Record<string, { readonly stable: Arm; readonly canary: Arm }>>
}

export const firstTick = Date.UTC(2026, 0, 1, 10)

/** Seeded traffic with lognormal durations around 20 ms, as the slices of a service. */
export function trafficOf({ ticks, seed, operations }: Traffic): Slice[] {
  const random = randomOf(seed)
  const slices: Slice[] = []
  for (let i = 0; i < ticks; i += 1) {
    for (const [operation, arms] of Object.entries(operations)) {
      const tick = firstTick + i * 5000
      const stable = drawn(arms.stable, random)
      const canary = drawn(arms.canary, random)
      slices.push(
        {
          tick,
          operation,
          metric: 'requests',
          stable: { kind: 'count', n: stable.n },
          canary: { kind: 'count', n: canary.n },
        },
        {
          tick,
          operation,
          metric: 'errors',
          stable: rate(stable.n, stable.errors),
          canary: rate(canary.n, canary.errors),
        },
        {
          tick,
          operation,
          metric: 'client-errors',
          stable: rate(stable.n, stable.clientErrors),
          canary: rate(canary.n, canary.clientErrors),
        },
        {
          tick,
          operation,
          metric: 'latency',
          stable: distribution(stable.durations),
          canary: distribution(canary.durations),
        },
      )
    }
  }
  return slices
}

/** Facts about fairness of which none is known, but what is given. */
export function fairnessOf(more: Partial<FairnessFacts> = {}): FairnessFacts {
  return {
    warmUp: { stable: 0, canary: 0 },
    instances: null,
    cells: [],
    builds: null,
    aheadMs: 0,
    calls: [],
    sample: null,
    ...more,
  }
}

export function factsOf(ticks: number, more: Partial<Facts> = {}): Facts {
  const cohort = { requests: 1000, instances: 4 }
  return plainFacts({
    service: 'shop',
    startMs: firstTick,
    endMs: firstTick + ticks * 5000,
    stable: { ...cohort, selector: 'service.version=1.9.0' },
    canary: { ...cohort, selector: 'service.version=2.0.0' },
    version: '0.0.0-test',
    ...more,
  })
}

/** Mulberry32: small, seeded, good enough for tests. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function drawn(
  { n: mean, errors = 0, clientErrors = 0, slower = 1, tail = { share: 0, times: 1 } }: Arm,
  random: () => number,
): { n: number; errors: number; clientErrors: number; durations: number[] } {
  const n = Math.round(mean * (0.9 + 0.2 * random()))
  const events = (chance: number): number => Array.from({ length: n }, random).filter((u) => u < chance).length
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const durations = Array.from(
    { length: n },
    () => 0.02 * Math.exp(0.5 * normal()) * slower * (random() < tail.share ? tail.times : 1),
  )
  return { n, errors: events(errors), clientErrors: events(clientErrors), durations }
}

function rate(n: number, events: number): Slice['stable'] {
  return { kind: 'rate', n, events }
}

function distribution(durations: readonly number[]): Slice['stable'] {
  return { kind: 'distribution', n: durations.length, histogram: histogramOf(durations) }
}
