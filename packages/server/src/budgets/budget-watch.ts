import { type BurnAlert, burnAlertsOf, burnKey, type JourneyBudget, type Slo } from '@coalmine/comparator'
import type { Context } from '../context.ts'
import { journeyBudgets } from './journey-budgets.ts'
import { newRaisedAlerts } from './raised-alerts.ts'

/** Watches the error budgets of a server's own objectives. */
export interface BudgetWatch {
  /** Call when ticks have closed: counts again, unless it has just done so. */
  readonly ticksClosed: () => void
  /** Resolves when no count is under way any more. */
  readonly close: () => Promise<void>
}

type BudgetContext = Pick<Context, 'store' | 'now' | 'warn' | 'metrics' | 'slos' | 'notify'>

const everyMs = 60_000
const summedEveryMs = 15 * 60_000

/**
 * Counts budgets once a minute for `/metrics`, and alerts people to builds that burn one too fast. Sums up past hours, so that the
 * counts outlive closed ticks for as long as an objective may need them.
 */
export function newBudgetWatch({ store, now, warn, metrics, slos, notify }: BudgetContext): BudgetWatch {
  const raised = newRaisedAlerts()
  let countedMs = Number.NEGATIVE_INFINITY
  // New data is more urgent than hours long past.
  let summedMs = now()
  let isSaid = false
  let isResumed = false
  let isClosed = false
  let work = Promise.resolve()

  const count = async (some: readonly Slo[]): Promise<void> => {
    const budgets = await journeyBudgets(store, some, { now })
    metrics.budgets(budgets)
    await tellAlerts(budgets)
  }

  const tell = async ({ key, service, build, title, text }: BurnAlert, resolved: boolean): Promise<void> => {
    warn(resolved ? `over: ${title}` : title)
    await notify.alert({ key, service, severity: 'notify', title, text, version: build, resolved })
  }

  const tellAlerts = async (budgets: readonly JourneyBudget[]): Promise<void> => {
    const burning = budgets.flatMap(burnAlertsOf)
    const { begun, over } = raised.take(burning, now())
    for (const alert of begun) await tell(alert, false)
    for (const alert of over) await tell(alert, true)
    if (!isResumed) await endOld(new Set(burning.map(({ key }) => key)))
    isResumed = true
  }

  /** Ends alerts that were raised before a restart of the server and are over since. */
  const endOld = async (burning: ReadonlySet<string>): Promise<void> => {
    for (const { about, title } of notify.state().open) {
      if (!about.startsWith(burnKey) || burning.has(about)) continue
      const service = decodeURIComponent(about.slice(burnKey.length).split('/')[0]!)
      await notify.alert({ key: about, service, severity: 'notify', title, text: [], resolved: true })
    }
  }

  const run = async (): Promise<void> => {
    if (isClosed) return
    try {
      if (now() - summedMs >= summedEveryMs) {
        summedMs = now()
        await store.budgets.sumUp()
        await store.flags.sumUp()
      }
      if (slos.length > 0) await count(slos)
      isSaid = false
    } catch (error) {
      if (!isSaid && !isClosed) warn(`error budgets cannot be counted at the moment: ${(error as Error).message}`)
      isSaid = true
    }
  }

  return {
    ticksClosed: () => {
      if (now() - countedMs < everyMs) return
      countedMs = now()
      work = work.then(run)
    },
    close: () => {
      isClosed = true
      return work
    },
  }
}
