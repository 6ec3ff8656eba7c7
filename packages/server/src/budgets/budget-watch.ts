import { type BurnAlert, burnAlertsOf, burnKey, type JourneyBudget, type Slo } from '@coalmine/comparator'
import type { Context } from '../context.ts'
import { journeyBudgets } from './journey-budgets.ts'
import { newRaisedAlerts } from './raised-alerts.ts'

/** Keeps an eye on the budgets of a server's own objectives. */
export interface BudgetWatch {
  /** Ticks have closed: counts anew, where it has not just done so. */
  readonly ticksClosed: () => void
  /** Settled once nothing is counted any more. */
  readonly close: () => Promise<void>
}

type BudgetContext = Pick<Context, 'store' | 'now' | 'warn' | 'metrics' | 'slos' | 'notify'>

const everyMs = 60_000
const summedEveryMs = 15 * 60_000

/**
 * Counts budgets once a minute, for `/metrics`, and tells of builds that burn one too fast. Sums up hours that are over, so that what
 * closed ticks lose one day is known for as long as an objective may ask for it.
 */
export function newBudgetWatch({ store, now, warn, metrics, slos, notify }: BudgetContext): BudgetWatch {
  const raised = newRaisedAlerts()
  let countedMs = Number.NEGATIVE_INFINITY
  // What comes in first is more urgent than hours of long ago.
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

  /** What was raised before the server was started again, and is over since. */
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
