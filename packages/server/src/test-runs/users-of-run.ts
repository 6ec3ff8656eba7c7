import { setImmediate } from 'node:timers/promises'
import { blockMs, defaultPolicy, effectOnService, type UsersEffect, usersEffect } from '@coalmine/comparator'
import type { TestRun, UsersBlock } from '@coalmine/store'
import type { Context } from '../context.ts'
import type { Run } from './state.ts'

/** How far before and after a run users' requests are read. */
export const matchedMs = 3_600_000

/** After a run what it held up is still to be done. */
const settleMs = 60_000

// Spans that came late have been counted by then.
const lateMs = 300_000

/** When nothing can change any more of what a run did to users. */
export const finalMs = ({ endMs, state }: Run): number =>
  endMs === null ? Number.POSITIVE_INFINITY : endMs + settleMs + lateMs + (state === 'revoked' ? 0 : matchedMs)

/** A time in which some run went on, and which services it touched; milliseconds since 1970. */
interface Busy {
  readonly fromMs: number
  readonly toMs: number
  readonly services: ReadonlySet<string>
}

/**
 * What a run did to users so far: their requests while it went on against blocks of the hour before it and, once it is over, of the hour
 * after. What is believed no more counts as users' requests, so after one that was revoked nothing is compared with.
 *
 * @param others runs of the same time: blocks in which one of them went on are no blocks without a run, unless it went on all the time.
 */
export async function usersOfRun(
  run: Run,
  others: readonly TestRun[],
  { store, version, now }: Pick<Context, 'store' | 'version' | 'now'>,
): Promise<UsersEffect> {
  const { seen, endMs, state } = run
  const services = [...new Set(seen.operations.map(({ service }) => service))].sort()
  const fromMs = Math.floor(seen.startMs / tickMs) * tickMs
  const toMs = Math.min(seen.lastMs, endMs ?? Number.POSITIVE_INFINITY)
  const whole = Math.max(0, Math.floor((toMs - fromMs) / blockMs))
  const duringMs: [number, number] = [fromMs, fromMs + whole * blockMs]
  const isOver = state === 'finished' || state === 'expired'
  const window: [number, number] = [
    fromMs - matchedMs,
    isOver ? Math.min(Math.floor(now() / blockMs) * blockMs, toMs + settleMs + matchedMs) : duringMs[1],
  ]
  const blocks = await store.testRuns.users({
    services,
    fromMs: window[0],
    toMs: Math.max(window[1], duringMs[1]),
    blockSeconds: blockMs / 1000,
  })
  const busy = busyTimes(seen, others, window)
  const alpha = defaultPolicy.alpha / Math.max(1, services.length)
  const found = []
  const times = new Set<number>()
  for (const service of services) {
    const own = blocks.filter((block) => block.service === service).map(usersBlock)
    const isDuring = ({ fromMs: at }: { readonly fromMs: number }): boolean => at >= duringMs[0] && at < duringMs[1]
    const isWithout = ({ fromMs: at }: { readonly fromMs: number }): boolean =>
      (at + blockMs <= fromMs || at >= toMs + settleMs) &&
      at + blockMs <= window[1] &&
      !busy.some((one) => one.services.has(service) && at < one.toMs && at + blockMs > one.fromMs)
    const around = { service, during: own.filter(isDuring), without: own.filter(isWithout) }
    for (const { fromMs: at } of around.without) times.add(at)
    found.push(effectOnService(around, { policy: defaultPolicy, alpha, version }))
    // Each takes some hundredths of a second, in which the server answers nobody.
    await setImmediate()
  }
  return usersEffect(found, { duringMs, matchedMs: window, without: times, falseAlarmRate: defaultPolicy.alpha })
}

const tickMs = 5_000

function busyTimes(seen: TestRun, others: readonly TestRun[], [from, to]: readonly [number, number]): Busy[] {
  return others
    .filter((one) => one.run !== '' && !(one.run === seen.run && one.startMs === seen.startMs))
    .filter(({ startMs, lastMs }) => startMs < to && lastMs > from && !(startMs <= from && lastMs >= to - settleMs))
    .map(({ startMs, lastMs, operations }) => ({
      fromMs: startMs,
      toMs: lastMs + settleMs,
      services: new Set(operations.map(({ service }) => service)),
    }))
}

const zeroBucket = -32_768

function usersBlock({ operation, fromMs, traces, errors, clientErrors, buckets, counts }: UsersBlock) {
  const zero = buckets.indexOf(zeroBucket)
  const isValue = (_: number, at: number): boolean => at !== zero
  return {
    operation,
    fromMs,
    requests: Number(traces),
    errors: Number(errors),
    clientErrors: Number(clientErrors),
    latency: {
      scale: 5,
      zero: zero < 0 ? 0 : Number(counts[zero]),
      indices: buckets.filter(isValue),
      counts: counts.map(Number).filter(isValue),
    },
  }
}
