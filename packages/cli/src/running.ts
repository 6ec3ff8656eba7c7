import { follow, newClient } from '@coalmine/client'
import type { Charts, ComparisonAnswer, Look, StartBody, Verdict } from '@coalmine/comparator'
import type { ReportContent } from '@coalmine/server'
import { ask, commandError, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** Starts a comparison in the server, or joins the running one. */
export async function startComparison(server: Server, body: StartBody, signal: AbortSignal): Promise<ComparisonAnswer> {
  return newClient(server).start(body, { signal }).catch(fail)
}

/**
 * Shows each look at a comparison until it is over or the user stops, and returns its last verdict. A broken connection is
 * re-established and continues after the last event.
 */
export async function followComparison(
  server: Server,
  id: string,
  stop: AbortSignal,
  show: (look: Look) => void,
): Promise<Verdict> {
  try {
    for await (const told of follow(server, id, { signal: stop })) {
      if (told.event === 'ended' && told.why === 'refused')
        throw new CommandError('usage', told.reason ?? 'the server refused to judge it')
      if (told.event === 'look' || told.event === 'outcome') show(told)
    }
  } catch (error) {
    if (!stop.aborted) throw commandError(error)
  }
  const { verdict, reason } = await newClient(server).get(id).catch(fail)
  if (verdict) return verdict
  throw new CommandError('interrupted', reason ?? 'stopped before the first look')
}

/** Stops a comparison. */
export async function stopComparison(server: Server, id: string): Promise<void> {
  await newClient(server).stop(id).catch(fail)
}

/** Returns a comparison with its last verdict. Throws a CommandError if there is none yet. */
export async function judgedComparison(
  server: Server,
  id: string,
  signal: AbortSignal,
): Promise<ComparisonAnswer & { readonly verdict: Verdict }> {
  const found = await newClient(server).get(id, { signal }).catch(fail)
  if (found.verdict) return { ...found, verdict: found.verdict }
  throw new CommandError(
    'no-data',
    `comparison ${id} was not judged yet: ${found.reason ?? 'its first look is still to come'}`,
  )
}

/** Returns both cohorts over time, for the service and the operation that failed worst. Undefined if unavailable. */
export async function chartsOf(server: Server, id: string, { findings }: Verdict): Promise<Charts | undefined> {
  const view = (query: string): Promise<{ readonly charts: Charts | null }> =>
    ask(server, `/api/comparisons/${encodeURIComponent(id)}/charts${query}`, hasCharts, {
      signal: AbortSignal.timeout(chartsMs),
    })
  const worst = findings.find(({ decision, operation }) => decision === 'fail' && operation !== null)?.operation
  try {
    const { charts } = await view('')
    if (!charts) return undefined
    if (!worst || charts.scopes.some(({ operation }) => operation === worst)) return charts
    const { charts: ofWorst } = await view(`?operation=${encodeURIComponent(worst)}`)
    return { ...charts, scopes: [...(ofWorst?.scopes ?? []), ...charts.scopes] }
  } catch {
    // A report without charts is still a report.
    return undefined
  }
}

// Charts of a long window take a while to compute.
const chartsMs = 10_000

/** Returns the data of a comparison's single-file page: everything shown beside the verdict, and how it ran. */
export async function pageOf(
  server: Server,
  id: string,
  signal?: AbortSignal,
): Promise<Pick<ReportContent, 'view' | 'state'>> {
  const asked = signal ? { signal } : {}
  const { verdict: _, ...state } = await newClient(server).get(id, asked).catch(fail)
  const path = `/api/comparisons/${encodeURIComponent(id)}/charts?operation=*`
  return { state, view: await ask(server, path, isView, asked) }
}

const isView = (answer: object): answer is NonNullable<ReportContent['view']> => 'charts' in answer

const hasCharts = (answer: object): answer is { charts: Charts | null } => 'charts' in answer

const fail = (error: unknown): never => {
  throw commandError(error)
}
