import { follow, newClient } from '@coalmine/client'
import type { Charts, ComparisonAnswer, Look, StartBody, Verdict } from '@coalmine/comparator'
import type { ReportContent } from '@coalmine/server'
import { ask, commandError, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** Starts a comparison in the server, or joins the one that runs. */
export async function startComparison(server: Server, body: StartBody, signal: AbortSignal): Promise<ComparisonAnswer> {
  return newClient(server).start(body, { signal }).catch(fail)
}

/**
 * Shows each look at a comparison until it is over, or the user leaves, and gives its last verdict. Where the connection
 * breaks it is made again, and goes on after the last event that came.
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

/** Ends a comparison. */
export async function stopComparison(server: Server, id: string): Promise<void> {
  await newClient(server).stop(id).catch(fail)
}

/** A comparison and its last verdict. Throws a CommandError where there is none yet. */
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

/** Both cohorts over time, of the service and of the operation that failed worst; undefined where that is not known. */
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
    // A report is one without charts too.
    return undefined
  }
}

// Of a long window they take a while to work out.
const chartsMs = 10_000

/** Everything that is looked at beside the verdict of a comparison, and how it ran: what its page in one file shows. */
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
