/**
 * How often is a test run that does nothing said to hurt users? An hour of traffic before it, ten minutes of it and most of an hour
 * after are the same service all the time, which stalls, fails in bursts or loses its CPU now and then as in the other tables, or
 * drifts in the course of the day: `node test/calibration/test-runs.ts [RUNS]` prints a row for each. `watched` is judged as the run
 * goes, against the hour before it alone, and counts where harm was ever proved.
 */
import { blockMs, defaultPolicy, effectOnService, type UsersBlock } from '@coalmine/comparator'
import { randomOf } from '@coalmine/stats'
import type { Nuisance } from './nuisances/fleet.ts'
import { buckets, lowest, type Served, served } from './nuisances/fleet.ts'
import {
  bursts,
  burstsOnAll,
  collections,
  misses,
  pool,
  stalls,
  steal,
  stealFromAll,
  wander,
} from './nuisances/nuisances.ts'

/** What befalls a service that is not hurt, by its name in the table. */
export const harmless: Readonly<Record<string, RunCell>> = {
  nothing: { nuisance: () => {} },
  'half of the requests of a process fail for 1 to 5 s, every 5 minutes': { nuisance: bursts(300, 0.5) },
  'all requests of a process fail for 1 to 5 s, every 15 minutes': { nuisance: bursts(900, 1) },
  'a third of all requests fail for 1 to 5 s': { nuisance: burstsOnAll(200, 0.3) },
  'all requests fail for 1 to 5 s, every 30 minutes': { nuisance: burstsOnAll(1800, 1) },
  'stalls of 1 to 2 s': { nuisance: stalls(300) },
  'CPU of a process stolen for 20 to 60 s': { nuisance: steal(300) },
  'CPU of all stolen for 1 to 3 minutes, every 10 minutes': { nuisance: stealFromAll(600) },
  'CPU of all stolen for 1 to 3 minutes, every 30 minutes': { nuisance: stealFromAll(1800) },
  'no connections for 10 to 20 s': { nuisance: pool(600) },
  'levels that wander': { nuisance: wander(0.2) },
  collections: { nuisance: collections },
  'caches lost for 10 to 20 s': { nuisance: misses(300) },
  'half as slow again within an hour': { nuisance: () => {}, perHour: Math.log(1.5) },
  'latency of a day, between 1 and 2 times': { nuisance: () => {}, ofDay: Math.log(2) / 2 },
}

/** What runs do that hurt. */
export const harmful: Readonly<Record<string, RunCell>> = {
  'users wait half as long again': { nuisance: () => {}, times: 1.5 },
  'users wait three times as long': { nuisance: () => {}, times: 3 },
}

/** A service around a run. */
export interface RunCell {
  readonly nuisance: Nuisance
  /** The logarithm of how much slower it gets in an hour. */
  readonly perHour?: number
  /** The same of how far it is from its mean at most in the course of a day. */
  readonly ofDay?: number
  /** What the run does: so many times slower. */
  readonly times?: number
}

/** How often a run was said to hurt users, at the end and while it went on, and not to; and how soon that was known, in seconds. */
export interface RunRates {
  readonly hurt: number
  readonly watched: number
  readonly unharmed: number
  readonly seconds: number | null
}

const [before, during, settle] = [120, 20, 2]

/** Judges so many runs of a service, with seeds from one on. */
export function runRates(
  cell: RunCell,
  {
    runs,
    perSecond = 10,
    processes = 2,
    seed = 1,
  }: { runs: number; perSecond?: number; processes?: number; seed?: number },
): RunRates {
  let [hurt, watched, unharmed] = [0, 0, 0]
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) {
    const blocks = blocksOf(cell, { perSecond, processes, seed: 1_000 * seed + run })
    const inRun = blocks.slice(before, before + during)
    const judged = (without: readonly UsersBlock[]) =>
      effectOnService({ service: 'shop', during: inRun, without }, { policy: defaultPolicy, alpha: 0.05, version: '1' })
    const atEnd = judged([...blocks.slice(0, before), ...blocks.slice(before + during + settle)])
    const meanwhile = judged(blocks.slice(0, before))
    if (atEnd.outcome === 'hurt') hurt += 1
    if (atEnd.outcome === 'unharmed') unharmed += 1
    if (meanwhile.outcome !== 'hurt') continue
    watched += 1
    seconds.push((Date.parse(meanwhile.provedAt!) - before * blockMs) / 1000)
  }
  const middle = seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)]
  return { hurt: hurt / runs, watched: watched / runs, unharmed: unharmed / runs, seconds: middle ?? null }
}

/** Two hours of a service, half an hour after the other, block by block. */
function blocksOf(
  { nuisance, perHour = 0, ofDay = 0, times = 1 }: RunCell,
  { perSecond, processes, seed }: { perSecond: number; processes: number; seed: number },
): UsersBlock[] {
  const random = randomOf(seed)
  const noon = random() * 2 * Math.PI
  const [runFrom, runTo] = [before * 30, (before + during) * 30]
  const ticks = [0, 1, 2, 3].flatMap((half) => {
    const drifting: Nuisance = (fleet, random) => {
      nuisance(fleet, random)
      for (const one of fleet)
        one.level.forEach((level, second) => {
          const at = 1800 * half + second
          const drift = (perHour * at) / 3600 + ofDay * Math.sin(noon + (2 * Math.PI * at) / 86_400)
          one.level[second] = level + drift + (at >= runFrom && at < runTo ? Math.log(times) : 0)
        })
    }
    return served({ canary: 0, stable: processes }, perSecond, drifting, random)
  })
  return Array.from({ length: ticks.length / 6 }, (_, at) => blockOf(at, ticks.slice(6 * at, 6 * at + 6).flat()))
}

function blockOf(at: number, all: readonly Served[]): UsersBlock {
  const sums = new Int32Array(buckets)
  for (const { counts } of all) for (let bucket = 0; bucket < buckets; bucket += 1) sums[bucket]! += counts[bucket]!
  const held = [...sums.keys()].filter((bucket) => sums[bucket]! > 0)
  return {
    operation: 'GET /cart',
    fromMs: at * blockMs,
    requests: all.reduce((sum, { n }) => sum + n, 0),
    errors: all.reduce((sum, { errors }) => sum + errors, 0),
    clientErrors: 0,
    latency: {
      scale: 5,
      zero: 0,
      indices: held.map((bucket) => bucket + lowest),
      counts: held.map((bucket) => sums[bucket]!),
    },
  }
}

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 200)
  console.log(
    '| the service | hurt, at the end | hurt, while watched | unharmed | known after |\n|---|---|---|---|---|',
  )
  for (const [name, cell] of Object.entries({ ...harmless, ...harmful })) {
    const { hurt, watched, unharmed, seconds } = runRates(cell, { runs })
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
    console.log(
      `| ${name} | ${percent(hurt)} | ${percent(watched)} | ${percent(unharmed)} | ${seconds === null ? '' : `${seconds} s`} |`,
    )
  }
}
