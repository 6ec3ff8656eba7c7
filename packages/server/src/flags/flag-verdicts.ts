import type { FlagChangeVerdict } from '@coalmine/comparator'
import { flagOf, formatSelector, parseSelector, type TimelineChange } from '@coalmine/store'
import { judgedNow } from '../compare/compare.ts'
import { parseRequest } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import { type ComparisonState, settledOutcome } from '../comparisons/state.ts'
import type { Context } from '../context.ts'
import { flagArms } from './flag-arms.ts'

/** Judges each turn of a flag by its effect on users. */
export interface FlagVerdicts {
  /** Starts judging recent turns that are not judged yet. */
  readonly look: () => Promise<void>
  /** The verdict on each turn; null if there is none. */
  readonly of: (changes: readonly TimelineChange[]) => Promise<readonly (FlagChangeVerdict | null)[]>
}

const minuteMs = 60_000
const forMs = 30 * minuteMs
// A server that was down still judges turns up to this old.
const lookBackMs = 70 * minuteMs
const beforeMs = 30 * minuteMs
const sameTurnMs = 10 * minuteMs
/** The number of windows before the change: enough to know how much they differ from each other. */
const windows = 6
const mostRunning = 20
const mostServices = 3
const atLabel = 'flag-turned-at'

/** Creates the flag verdicts of a server. */
export function newFlagVerdicts(context: Context, comparisons: Comparisons): FlagVerdicts {
  const { store, now, notify } = context
  const judged = new Map<string, FlagChangeVerdict>()
  const againMs = new Map<string, number>()

  // Comparisons that were started for a turn.
  const runs = (): readonly ComparisonState[] =>
    comparisons.list().filter(({ labels }) => labels[atLabel] !== undefined)

  const running = (): number => runs().filter(({ state }) => state === 'running').length

  const selectorOf = (flag: string, variant: string): string =>
    formatSelector([{ from: 'span', key: `coalmine.flag.${flag}`, value: variant }])

  // Of several services, the one with the most requests decides.
  const begin = async (change: TimelineChange): Promise<void> => {
    const { flag, service, what, author, atMs } = change
    const minutes = await store.flags.minutes({ fromMs: atMs - beforeMs, toMs: now(), flag, service })
    for (const arms of flagArms(minutes, atMs).slice(0, mostServices)) {
      const stable = selectorOf(flag, arms.stable)
      const canary = selectorOf(flag, arms.canary)
      if (arms.kind === 'minutes-before') {
        if (now() - atMs < forMs + 2 * minuteMs) continue
        if (judged.has(change.id)) continue
        judged.set(change.id, await againstBefore(change, { service: arms.service, stable, canary }))
      } else if (running() < mostRunning) {
        await comparisons.start({
          service: arms.service,
          stable,
          canary,
          forMs,
          window: { start: new Date(atMs).toISOString() },
          key: `flag/${arms.service}/${flag}/${Math.floor(atMs / minuteMs)}`.slice(0, 200),
          labels: {
            flag,
            [atLabel]: new Date(atMs).toISOString(),
            ...(what !== '' && { turned: what.slice(0, 500) }),
            ...(author !== '' && { author: author.slice(0, 500) }),
          },
        })
      }
    }
  }

  const againstBefore = async (
    { flag, what, author, atMs }: TimelineChange,
    cohorts: { readonly service: string; readonly stable: string; readonly canary: string },
  ): Promise<FlagChangeVerdict> => {
    const at = new Date(atMs).toISOString()
    const request = parseRequest({ ...cohorts, window: { start: at, end: new Date(atMs + forMs).toISOString() } })
    const verdict = await judgedNow({ ...request, stableWindowMs: windows * forMs, stableStepMs: forMs }, context)
    const reason = reasonOf(verdict.verdict, verdict.reasons)
    if (verdict.verdict === 'fail')
      await notify.alert({
        key: `flag/${cohorts.service}/${flag}/${at}`,
        service: cohorts.service,
        severity: 'notify',
        title: `FAIL: ${cohorts.service} is worse since ${flag} was turned: ${what || cohorts.canary}`,
        text: [reason, ...(author === '' ? [] : [`${author} changed it.`])],
        path: `/services/${encodeURIComponent(cohorts.service)}`,
        deployedAt: at,
        labels: { flag, ...(author !== '' && { author }) },
      })
    return { verdict: verdict.verdict, against: 'minutes-before', ...cohorts, reason }
  }

  return {
    look: async () => {
      const known = runs()
      const turned = await store.changes.list({ kind: 'flag', sinceMs: now() - lookBackMs, limit: 100 })
      for (const change of turned) {
        // Until a minute after the turn has closed, it is unknown who gets which variant.
        const isEarly = now() - change.atMs < 2 * minuteMs
        if (isEarly || judged.has(change.id) || runsOf(change, known).length > 0) continue
        if (now() < (againMs.get(change.id) ?? 0)) continue
        againMs.set(change.id, now() + 2 * minuteMs)
        await begin(change)
      }
    },
    of: async (changes) => {
      const isAsked = changes.some(({ kind }) => kind === 'flag')
      const settled = isAsked ? await store.memory.flagVerdicts() : []
      const known = runs()
      return changes.map((change) => {
        if (change.kind !== 'flag') return null
        const [worst] = runsOf(change, known)
          .map(verdictOf)
          .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
        return worst ?? judged.get(change.id) ?? remembered(change, settled)
      })
    },
  }
}

function runsOf({ flag, service, atMs }: TimelineChange, runs: readonly ComparisonState[]): readonly ComparisonState[] {
  return runs.filter(
    (run) =>
      run.labels['flag'] === flag &&
      (service === '' || run.service === service) &&
      Math.abs(Date.parse(run.labels[atLabel] ?? '') - atMs) <= sameTurnMs,
  )
}

const order = ['fail', 'running', 'invalid', 'inconclusive', 'pass']

function verdictOf(state: ComparisonState): FlagChangeVerdict {
  const { service, stable, canary, reason } = state
  return { verdict: settledOutcome(state), service, against: 'other-variant', stable, canary, reason: reason ?? '' }
}

function reasonOf(
  outcome: FlagChangeVerdict['verdict'],
  reasons: readonly { readonly code: string; readonly message: string }[],
): string {
  const own = reasons.find(({ code }) => code !== 'before-after')?.message
  const against = `Compared with the same length of time before, ${windows} times`
  return outcome === 'pass' ? `No worse than before. ${against}.` : `${own ?? 'It cannot be told.'} ${against}.`
}

/** The stored verdict against the minutes before, which survives restarts of the server. */
function remembered(
  { flag, service, atMs }: TimelineChange,
  settled: Awaited<ReturnType<Context['store']['memory']['flagVerdicts']>>,
): FlagChangeVerdict | null {
  const found = settled.find(
    (one) =>
      (service === '' || one.service === service) &&
      parseSelector(one.canary).some((condition) => flagOf(condition) === flag) &&
      one.atMs >= atMs &&
      one.atMs <= atMs + lookBackMs,
  )
  if (!found) return null
  const { stable, canary, verdict } = found
  return { verdict, service: found.service, against: 'minutes-before', stable, canary, reason: '' }
}
