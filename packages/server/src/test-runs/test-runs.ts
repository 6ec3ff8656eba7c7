import type { TestRunAnswer, UsersEffect } from '@coalmine/comparator'
import type { TestRun } from '@coalmine/store'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { checkRunName, revokeInFile } from './revoked-file.ts'
import type { RunAlert, RunAlerts } from './run-alerts.ts'
import { answerOf, idleMs, openMs, type Run, runOf } from './state.ts'
import { finalMs, matchedMs, usersOfRun } from './users-of-run.ts'

/** Options for stopping test runs. */
export interface TestRunOptions {
  /** The file of revoked runs that verifiers watch; without it revocations are only recorded. */
  readonly revokeFile?: string | undefined
  /** Revoke a run once it is proved to hurt users. */
  readonly stopOn?: 'hurts-users' | undefined
}

/** Who or what stops a run, and why. */
export interface Revocation {
  readonly by: string
  readonly why: string
  /** Whether it is already in the file that services watch. */
  readonly isInFile?: boolean
}

/** The test runs of a server. */
export interface TestRuns {
  /** Runs seen since a moment, newest first, with their effect on users if it is known or quickly computed. */
  readonly list: (sinceMs: number, run?: string) => Promise<readonly TestRunAnswer[]>
  /** The latest run of that name and its effect on users. Throws a ServerError of kind `no-data` if there is none. */
  readonly answer: (run: string) => Promise<TestRunAnswer>
  /** Records that a run is stopped, also in the file that verifiers watch, if one is configured. */
  readonly revoke: (run: string, said: Revocation) => Promise<TestRunAnswer>
  /** Runs in progress, with their effect on users so far. */
  readonly watched: () => Promise<readonly TestRunAnswer[]>
}

const dayMs = 86_400_000
// Judging a few runs takes some tenths of a second; results for runs that are long over are stored.
const mostJudgingMs = 500

/** The test runs of a server's store. */
export function newTestRuns(context: Context, alerts: RunAlerts, { revokeFile }: TestRunOptions = {}): TestRuns {
  const { store, now } = context

  const known = async (sinceMs: number, run?: string): Promise<Run[]> => {
    if (store.access === 'spans')
      throw new ServerError(
        'usage',
        'there are spans alone here, and test runs are known from tables beside them: coalmine store init makes these',
      )
    const [seen, events] = await Promise.all([
      store.testRuns.list({ sinceMs, run }),
      store.testRuns.events(sinceMs - dayMs),
    ])
    const nowMs = now()
    // Runs that are long over have no open ticks.
    const late = seen.filter(({ lastMs }) => lastMs > nowMs - idleMs - openMs)
    const services = [...new Set(late.flatMap(({ operations }) => operations.map(({ service }) => service)))]
    const closed = await store.testRuns.closedUntil(services, nowMs - idleMs - openMs)
    return seen.map((one) => runOf(one, events, { nowMs, closed }))
  }

  const judge = async (run: Run, others: readonly TestRun[]): Promise<UsersEffect> => {
    if (run.judged) return run.judged
    const effect = await usersOfRun(run, others, context)
    if (now() >= finalMs(run))
      await store.testRuns.keep({
        run: run.seen.run,
        beganMs: run.seen.startMs,
        kind: 'judged',
        atMs: now(),
        told: JSON.stringify(effect),
      })
    return effect
  }

  const newest = async (run: string): Promise<Run> => {
    const [found] = await known(now() - store.retentionDays * dayMs, run)
    if (found) return found
    const runs = await store.testRuns.list({ sinceMs: now() - 7 * dayMs })
    const names = [...new Set(runs.map((one) => one.run))].filter((name) => name !== '')
    const seen =
      names.length > 0
        ? `of the last week there are ${names.slice(0, 20).join(', ')}`
        : 'it has seen none in the last week'
    throw new ServerError('no-data', `the store has no test run ${run}; ${seen}`)
  }

  const around = (run: Run): Promise<readonly TestRun[]> =>
    store.testRuns.list({ sinceMs: run.seen.startMs - 2 * matchedMs })

  const answer = async (name: string): Promise<TestRunAnswer> => {
    const run = await newest(name)
    return answerOf(run, run.judged ?? (await judge(run, await around(run))))
  }

  return {
    list: async (sinceMs, name) => {
      const runs = await known(sinceMs, name)
      const others = runs.map(({ seen }) => seen)
      const until = performance.now() + mostJudgingMs
      const answers: TestRunAnswer[] = []
      for (const run of runs) {
        const isSoon = run.seen.run !== '' && performance.now() < until
        answers.push(answerOf(run, run.judged ?? (isSoon ? await judge(run, others) : null)))
      }
      return answers
    },
    answer,
    revoke: async (name, { isInFile = false, ...said }) => {
      checkRunName(name)
      // Nobody must believe that a run is stopped if services were not informed.
      if (!isInFile && revokeFile === undefined)
        throw new ServerError(
          'usage',
          `the server knows no file of revoked runs, so ${name} goes on: start coalmine serve with --revoke FILE, or name the file in coalmine runs revoke ${name} --revoke FILE`,
          { status: 409 },
        )
      // Write the file first, so that the run stops as soon as possible, even if nothing of it has been seen yet.
      if (revokeFile !== undefined && !isInFile)
        await revokeInFile(revokeFile, { run: name, at: new Date(now()).toISOString(), ...said })
      const run = await newest(name)
      if (run.revocation === null) {
        const told = JSON.stringify(said)
        const event = { run: name, beganMs: run.seen.startMs, kind: 'revoked', atMs: now(), told } as const
        if (!(await store.testRuns.keep(event)) && !isInFile)
          throw new ServerError(
            'unavailable',
            `this store is only read here, or its disk is full: that ${name} is revoked cannot be kept`,
          )
        await alerts.raise(revokedAlert(answerOf(run, null), said))
      }
      return answer(name)
    },
    watched: async () => {
      const runs = await known(now() - 2 * dayMs)
      const others = runs.map(({ seen }) => seen)
      const running = runs.filter(({ state, seen }) => state === 'running' && seen.run !== '')
      const isBusy = ({ seen, state }: Run): boolean => state === 'running' || now() - seen.lastMs < idleMs
      await alerts.goingOn(new Set(runs.filter(isBusy).map(({ seen }) => seen.run)))
      const answers: TestRunAnswer[] = []
      for (const run of running) answers.push(answerOf(run, await judge(run, others)))
      return answers
    },
  }
}

function revokedAlert(
  { run, owner, services }: TestRunAnswer,
  { by, why }: { readonly by: string; readonly why: string },
): RunAlert {
  const whose = owner === null ? '' : ` Its owner is ${owner}.`
  return {
    run,
    what: 'revoked',
    service: services[0] ?? '',
    title: `test run ${run} was revoked`,
    text: [`${by}: ${why}.${whose}`],
  }
}
