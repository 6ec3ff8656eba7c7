import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, RunLimits, StartBody, Verdict } from '@coalmine/comparator'
import { progressOf } from '@coalmine/comparator/answers'
import { progressLine } from '@coalmine/report'
import { type Command, Option } from 'commander'
import type { Server } from '../client.ts'
import { comparisonRequest } from '../comparison.ts'
import { addComparisonOptions, type ComparisonOptions } from '../comparison-options.ts'
import { CommandError } from '../exit-codes.ts'
import { withServer } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { label, milliseconds } from '../options.ts'
import { type Beside, type Output, writeVerdict } from '../output.ts'
import { progressTo } from '../progress.ts'
import { chartsOf, followComparison, pageOf, startComparison, stopComparison } from '../running.ts'
import { addSpanMetricsOptions, type SpanMetricsOptions } from '../span-metrics-options.ts'

/** How long to look, and how often. */
interface WatchLimits {
  /** Canary traffic to judge, in milliseconds. */
  readonly for: number
  /** How long to wait for the first spans of both cohorts, in milliseconds. */
  readonly wait: number
  readonly earlyPass?: boolean
  readonly everyMs?: number
}

interface WatchOptions extends ComparisonOptions, SpanMetricsOptions, WatchLimits {
  readonly idle: number
  readonly label?: Readonly<Record<string, string>>
}

const betweenLooksMs = 5000
// Scrapes are rarely more frequent, and each look reads the whole window.
const betweenLooksAtSpanMetricsMs = 15_000

/** `coalmine watch`: looks repeatedly until the verdict is settled; exits with the last verdict. */
export function watchCommand(command: Command, io: Io, exit: (outcome: Outcome) => void): Command {
  return addSpanMetricsOptions(addComparisonOptions(command))
    .addOption(
      new Option('--for <time>', 'how much canary traffic to judge')
        .argParser(milliseconds)
        .default(30 * 60_000, '30m')
        .env('COALMINE_FOR'),
    )
    .addOption(new Option('--early-pass', 'stop at PASS too, not only at the end of --for').env('COALMINE_EARLY_PASS'))
    .addOption(
      new Option('--wait <time>', 'how long to wait for the first spans of both cohorts')
        .argParser(milliseconds)
        .default(60_000, '60s')
        .env('COALMINE_WAIT'),
    )
    .addOption(
      new Option('--idle <time>', 'stop when the canary has served nothing for this long (not with --prometheus)')
        .argParser(milliseconds)
        .default(15 * 60_000, '15m')
        .env('COALMINE_IDLE'),
    )
    .addOption(
      new Option(
        '--label <name=value>',
        'a label to keep with the comparison, such as commit=abc123; may be repeated',
      ).argParser(label),
    )
    .action(async (options: WatchOptions, called: Command) => {
      if (options.since !== undefined) {
        throw new CommandError(
          'usage',
          '--since slides the window, and a sliding window may be judged only once: leave it out, or use compare',
        )
      }
      // Without this check, any value would switch it on.
      const variable = called.getOptionValueSource('earlyPass') === 'env' && io.env['COALMINE_EARLY_PASS']
      const earlyPass = options.earlyPass === true && !(variable && /^(0|false|no|off)$/i.test(variable))
      const { prometheus } = options
      const spanMetrics = prometheus === undefined ? undefined : await import('../span-metrics.ts')
      const request = await (spanMetrics?.spanMetricsRequest ?? comparisonRequest)(options)
      const { mode = 'sequential' } = request.policy ?? {}
      if (mode !== 'sequential') {
        throw new CommandError(
          'usage',
          'mode: watch looks every 5 s, but a fixed test allows one look: use compare, or leave "mode" out',
        )
      }
      const progress = progressTo(io.stderr)
      const show = (text: string): void => progress.show(text)
      const { verdict, ...beside }: Watched =
        prometheus === undefined || spanMetrics === undefined
          ? await withServer(options, 'read', io, (server) =>
              watchOn(server, { ...request, ...runLimits({ ...options, earlyPass }) }, options, io, show),
            )
          : {
              verdict: await watch(
                spanMetrics.spanMetricsJudge(prometheus, request, options, io),
                { ...options, earlyPass, everyMs: betweenLooksAtSpanMetricsMs },
                io.stop,
                show,
              ),
            }
      progress.clear()
      await writeVerdict(verdict, options, io, beside)
      exit(verdict.verdict)
    })
}

const runLimits = ({
  for: forMs,
  wait,
  idle,
  label,
  earlyPass = false,
}: WatchOptions): RunLimits & Pick<StartBody, 'labels'> => ({
  forMs,
  waitMs: wait,
  idleMs: idle,
  earlyPass,
  ...(label && { labels: label }),
})

interface Watched extends Beside {
  readonly verdict: Verdict
}

/** Starts a comparison in the server, or joins the running one, and follows it. It continues if the user stops watching. */
async function watchOn(
  server: Server,
  body: StartBody,
  output: Output,
  io: Io,
  show: (line: string) => void,
): Promise<Watched> {
  const { id, url } = await startComparison(server, body, io.stop)
  if (!server.own) tell(io, `comparison ${id} runs in the server: ${url}`)
  const verdict = await followComparison(server, id, io.stop, ({ progress }) =>
    show(progress ? progressLine(progress) : waitingForSpans),
  )
  if (io.stop.aborted) {
    if (server.own) await stopComparison(server, id)
    else tell(io, 'it goes on in the server: the same command joins it again')
  }
  const isShown = output.format === 'text' && output.output === undefined && io.stdout.columns !== undefined
  const charts = isShown && !io.stop.aborted ? await chartsOf(server, id, verdict) : undefined
  const page = output.format === 'html' ? await pageOf(server, id) : undefined
  // No link to a server that was started for this command: it is closed before anybody can follow it.
  return { verdict, charts, page, url: server.own ? undefined : url }
}

const waitingForSpans = 'waiting for spans of both cohorts'

/** Looks until the verdict is settled, the time is up, or the user stops it. Returns the last verdict. */
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
      // A Prometheus without counts gives no verdict yet.
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
    show(verdict && verdict.verdict !== 'invalid' ? progressLine(progressOf(verdict)) : waitingForSpans)
    await sleep(pauseAfter(verdict, forMs, everyMs), undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted && last) return last
  }
}

// Each look reads the whole window, which grows by at least this share between two: a long watch asks no more of a Prometheus than a short one.
const leastGrowth = 0.02

/**
 * How long to wait before the next look, in milliseconds: `everyMs`, or a fiftieth of the window if that is longer, but not beyond the end
 * of `forMs`.
 *
 * @example pauseAfter(verdict, 1_800_000, 15_000) // 30_000 for a window of 25 minutes
 */
export function pauseAfter(
  verdict: Pick<Verdict, 'verdict' | 'window'> | undefined,
  forMs: number,
  everyMs: number,
): number {
  if (!verdict || verdict.verdict === 'invalid') return everyMs
  const judgedMs = verdict.window.seconds * 1000
  return Math.max(everyMs, Math.min(leastGrowth * judgedMs, forMs - judgedMs))
}

function isNoData(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'no-data'
}

/** Whether more spans may resolve it: at the start of a deploy, one cohort is empty for a while. */
function isEarly(verdict: Verdict): boolean {
  return verdict.reasons.some(({ code }) => code === 'no-data' || code === 'never-concurrent')
}
