import { histogramOf } from '@coalmine/stats'
import type { InstanceCell, Slice } from '../src/index.ts'
import { firstTick, randomOf } from './slices.ts'

export interface Fleet {
  readonly stable: number
  readonly canary: number
  /** Standard deviation of the logarithm of a host's speed. */
  readonly hostSd: number
  /** How much slower the canary's build is. */
  readonly slower?: number
  /** Chance of an error, and the standard deviation of its logarithm between hosts. */
  readonly errors?: number
  readonly errorSd?: number
  readonly blocks?: number
  readonly perBlock?: number
  readonly seed: number
}

/** Seeded traffic of hosts that differ, as slices of a comparison and as what each instance did. */
export function fleetOf(fleet: Fleet): { readonly slices: Slice[]; readonly cells: InstanceCell[] } {
  const { hostSd, slower = 1, errors = 0, errorSd = 0, blocks = 20, perBlock = 120, seed } = fleet
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const hosts = (['stable', 'canary'] as const).flatMap((cohort) =>
    Array.from({ length: fleet[cohort] }, (_, index) => ({
      cohort,
      instance: `${cohort}-${index}`,
      times: Math.exp(hostSd * normal()) * (cohort === 'canary' ? slower : 1),
      errors: errors * Math.exp(errorSd * normal()),
    })),
  )
  const cells: InstanceCell[] = []
  const slices: Slice[] = []
  for (let block = 0; block < blocks; block++) {
    const tick = firstTick + block * 60_000
    for (const host of hosts) {
      const durations = Array.from({ length: perBlock }, () => 0.05 * host.times * Math.exp(0.5 * normal()))
      const failed = durations.filter(() => random() < host.errors).length
      const latency = histogramOf(durations)
      const { cohort, instance } = host
      cells.push({ cohort, instance, operation: 'GET /', tick, traces: perBlock, errors: failed, latency })
      const nothing = { kind: 'distribution', n: 0, histogram: histogramOf([]) } as const
      const none = { kind: 'rate', n: 0, events: 0 } as const
      const zero = { kind: 'count', n: 0 } as const
      const slice = (metric: string, own: Slice['stable'], empty: Slice['stable']): Slice => ({
        tick,
        operation: 'GET /',
        metric,
        stable: cohort === 'stable' ? own : empty,
        canary: cohort === 'canary' ? own : empty,
      })
      slices.push(
        slice('requests', { kind: 'count', n: perBlock }, zero),
        slice('errors', { kind: 'rate', n: perBlock, events: failed }, none),
        slice('client-errors', { kind: 'rate', n: perBlock, events: 0 }, none),
        slice('latency', { kind: 'distribution', n: perBlock, histogram: latency }, nothing),
      )
    }
  }
  return { slices, cells }
}
