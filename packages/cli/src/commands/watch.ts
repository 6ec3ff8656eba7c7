import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, Verdict } from '@coalmine/comparator'
import { progressLine } from '@coalmine/report'
import { type Command, Option } from 'commander'
import { compareOn, comparisonRequest } from '../comparison.ts'
import { addComparisonOptions, type ComparisonOptions } from '../comparison-options.ts'
import { CommandError } from '../exit-codes.ts'
import { withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { milliseconds } from '../options.ts'
import { writeVerdict } from '../output.ts'
import { progressTo } from '../progress.ts'
import { spanMetricsJudge, spanMetricsRequest } from '../span-metrics.ts'
import { addSpanMetricsOptions, type SpanMetricsOptions } from '../span-metrics-options.ts'

/** How long to look, and how often. */
interface WatchLimits {
  /** Canary traffic to judge, in milliseconds. */
  readonly for: number
  /** How long the first spans of both cohorts may take. */
  readonly wait: number
  readonly earlyPass?: boolean
  readonly everyMs?: number
}

type WatchOptions = ComparisonOptions & SpanMetricsOptions & WatchLimits

const betweenLooksMs = 5000
// Scrapes are seldom closer, and each look reads the whole window.
const betweenLooksAtSpanMetricsMs = 15_000

/** `coalmine watch`: looks again and again until the verdict is settled; exits as the last look says. */
export function watchCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  const described = command.description(
    'judge a canary every 5 s (span metrics: 15 s) while it runs; stops early on FAIL or INVALID',
  )
  return addSpanMetricsOptions(addComparisonOptions(described))
    .addOption(
      new Option('--for <time>', 'how much canary traffic to judge')
        .argParser(milliseconds)
        .default(30 * 60_000, '30m')
        .env('COALMINE_FOR'),
    )
    .addOption(
      new Option('--early-pass', 'stop at PASS too, instead of at the end of --for').env('COALMINE_EARLY_PASS'),
    )
    .addOption(
      new Option('--wait <time>', 'how long to wait for the first spans of both cohorts')
        .argParser(milliseconds)
        .default(60_000, '60s')
        .env('COALMINE_WAIT'),
    )
    .action(async (options: WatchOptions, called: Command) => {
      if (options.since !== undefined) {
        throw new CommandError(
          'usage',
          '--since slides the window, and a sliding window may be judged only once: leave it out, or use compare',
        )
      }
      // Any value would switch it on otherwise.
      const variable = called.getOptionValueSource('earlyPass') === 'env' && io.env['COALMINE_EARLY_PASS']
      const earlyPass = options.earlyPass === true && !(variable && /^(0|false|no|off)$/i.test(variable))
      const { prometheus } = options
      const request = await (prometheus === undefined ? comparisonRequest(options) : spanMetricsRequest(options))
      const { mode = 'sequential' } = request.policy ?? {}
      if (mode !== 'sequential') {
        throw new CommandError(
          'usage',
          'mode: watch looks every 5 s, and a fixed test may look once: use compare for each look, or leave "mode" out',
        )
      }
      const progress = progressTo(io.stderr)
      const show = (text: string): void => progress.show(text)
      const verdict =
        prometheus === undefined
          ? await withServer(options, 'read', io, (server) =>
              watch(() => compareOn(server, request, io.stop), { ...options, earlyPass }, io.stop, show),
            )
          : await watch(
              spanMetricsJudge(prometheus, request, options, io),
              { ...options, earlyPass, everyMs: betweenLooksAtSpanMetricsMs },
              io.stop,
              show,
            )
      progress.clear()
      await writeVerdict(verdict, options, io)
      exit(verdict.verdict)
    })
}

/** Looks until the verdict is settled, the time is up, or the user stops it; the last look is the answer. */
export async function watch(
  look: () => Promise<Verdict>,
  { for: forMs, wait, earlyPass = false, everyMs = betweenLooksMs }: WatchLimits,
  stop: AbortSignal,
  show: (line: string) => void,
): Promise<Verdict> {
  const started = performance.now()
  const waited = (): number => performance.now() - started
  let last: Verdict | undefined
  for (;;) {
    const verdict = await look().catch((error: unknown) => {
      if (stop.aborted && last) return last
      // A Prometheus that has counted nothing yet gives no verdict.
      if (isNoData(error) && !stop.aborted && waited() < wait) return undefined
      throw error
    })
    if (verdict) {
      last = verdict
      if (verdict.verdict === 'fail') return verdict
      if (verdict.verdict === 'pass' && earlyPass) return verdict
      if (verdict.verdict === 'invalid' && !(isEarly(verdict) && waited() < wait)) return verdict
      if (verdict.verdict !== 'invalid' && verdict.window.seconds * 1000 >= forMs) return verdict
      if (waited() >= forMs + wait) return verdict
    }
    show(verdict && verdict.verdict !== 'invalid' ? progressLine(verdict) : 'waiting for spans of both cohorts')
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted && last) return last
  }
}

function isNoData(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'no-data'
}

/** Whether more spans may mend it: at the start of a deploy one cohort is empty for a while. */
function isEarly(verdict: Verdict): boolean {
  return verdict.reasons.some(({ code }) => code === 'no-data' || code === 'never-concurrent')
}
