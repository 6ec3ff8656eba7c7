import type { Verdict } from '@coalmine/comparator'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { judgedNow } from '../compare/compare.ts'
import { parseRequest } from '../compare/request.ts'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { inTurn } from '../turns.ts'
import { type ComparisonView, usualTraces, type ViewTraces, viewOf } from './view.ts'
import type { Views } from './views.ts'

type Asked = FastifyRequest<{ Params: { id: string } }>

/** Requests the charts of every operation, for keeping them. */
const every = '*'

/**
 * `GET /api/comparisons/:id/charts`: the view for the verdict: the whole table of operations, and the charts of
 * the service, or with `?operation=` of that operation (`*`: of all). `GET /api/comparisons/:id/traces`: traces of both
 * cohorts, also where nothing failed. `POST /api/charts`: a verdict on what the store has
 * now, with all charts.
 */
export function registerViews(app: FastifyInstance, context: Context, comparisons: Comparisons, views: Views): void {
  app.get('/api/comparisons/:id/charts', async ({ params, query }: Asked) => {
    const operation = operationIn(query)
    const verdict = await comparisons.verdict(params.id)
    if (!verdict) return nothingYet
    const view = await views.of(params.id, verdict, {
      isOver: comparisons.get(params.id).state === 'ended',
      request: () => comparisons.request(params.id),
    })
    return shown(view, operation)
  })
  app.get(
    '/api/comparisons/:id/traces',
    inTurn(context.turns, async (asked): Promise<ViewTraces> => {
      const { params, query } = asked as Asked
      const operation = operationIn(query)
      const verdict = await comparisons.verdict(params.id)
      if (!verdict || verdict.verdict === 'invalid')
        throw new ServerError('no-data', `comparisons/${params.id}: there are no traces until both cohorts have served`)
      return usualTraces(comparisons.request(params.id), verdict, operation ?? null, context)
    }),
  )
  app.post(
    '/api/charts',
    inTurn(context.turns, async ({ body }): Promise<{ verdict: Verdict; view: ComparisonView }> => {
      const request = parseRequest(body)
      const verdict = await judgedNow(request, context)
      return { verdict, view: await viewOf(request, verdict, context) }
    }),
  )
}

function operationIn(query: unknown): string | undefined {
  const { operation } = Object(query) as Record<string, unknown>
  if (operation === undefined || typeof operation === 'string') return operation
  throw new ServerError('usage', 'operation: expected only one')
}

const nothingYet: Omit<ComparisonView, 'until'> & { readonly until: null } = {
  until: null,
  charts: null,
  calls: null,
  downstream: null,
  changes: [],
  deploy: null,
  traces: null,
}

/** Reduces a view to what one page needs, which is small whatever the number of operations. */
function shown(view: ComparisonView, operation: string | undefined): ComparisonView {
  if (!view.charts || operation === every) return view
  const [service] = view.charts.scopes
  const scopes =
    operation === undefined
      ? service
        ? [service]
        : []
      : view.charts.scopes.filter((one) => one.operation === operation)
  return { ...view, charts: { ...view.charts, scopes } }
}
