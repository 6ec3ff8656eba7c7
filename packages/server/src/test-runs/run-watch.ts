import type { Context } from '../context.ts'
import type { RunAlerts } from './run-alerts.ts'
import type { TestRunOptions, TestRuns } from './test-runs.ts'

/** Watches what test runs do to users while they go on. */
export interface RunWatch {
  /** Ticks have closed: a run may be proved to hurt users. */
  readonly ticksClosed: () => void
  readonly close: () => Promise<void>
}

/** Revokes runs that hurt users if the server was asked to, and otherwise notifies people. */
export function newRunWatch(
  { warn }: Pick<Context, 'warn'>,
  runs: TestRuns,
  { alerts, stopOn }: Pick<TestRunOptions, 'stopOn'> & { readonly alerts: RunAlerts },
): RunWatch {
  let looking: Promise<void> | undefined
  let isClosed = false
  let isStuck = false

  const look = async (): Promise<void> => {
    for (const { run, users, services, owner } of await runs.watched()) {
      if (users?.outcome !== 'hurt') continue
      const why = `it hurts users: ${users.message}`
      if (stopOn === 'hurts-users') {
        await runs.revoke(run, { by: 'coalmine', why })
        warn(`test run ${run} was revoked: ${why}`)
      } else
        await alerts.raise({
          run,
          what: 'hurts',
          service: users.services[0]?.service ?? services[0] ?? '',
          title: `test run ${run} hurts users`,
          text: [`${users.message}.`, ...(owner === null ? [] : [`Its owner is ${owner}.`])],
        })
    }
  }

  return {
    ticksClosed: () => {
      if (looking || isClosed) return
      looking = look()
        .then(
          () => {
            isStuck = false
          },
          (error: Error) => {
            if (!isStuck) warn(`test runs are not watched for now: ${error.message}`)
            isStuck = true
          },
        )
        .finally(() => {
          looking = undefined
        })
    },
    close: async () => {
      isClosed = true
      await looking
    },
  }
}
