import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RolloutAnswer, RolloutHistory, RolloutList } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from './coalmine.ts'

/** Where the server is killed: while the actuator moves the canary, before or after it did, while it is read back, or after all that. */
type Moment = 'run-before' | 'run-after' | 'read' | 'done'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-killed-'))
const file = (name: string): string => join(folder, name)
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  writeFileSync(
    file('coalmine.yaml'),
    `service: shop
stable: service.version=1
rollout:
  stages: [{ share: 10% }, { share: 100% }]
  actuator:
    command: { run: sh move.sh, readBack: sh where.sh }
`,
  )
  // Each says when it has come to the moment that is waited for, and stays there.
  const hold = `at() { [ "$(cat hold 2>/dev/null)" = "$1" ] || return 0; echo $$ > reached.new; mv reached.new reached; while [ -e hold ]; do sleep 0.05; done; }\n`
  writeFileSync(
    file('move.sh'),
    `${hold}echo "$COALMINE_BUILD $COALMINE_PERCENT" >> asked\nat run-before\necho "$COALMINE_PERCENT%" > now.new\nmv now.new now\nat run-after\n`,
  )
  writeFileSync(file('where.sh'), `${hold}at read\ncat now\n`)
  server = await serve(folder)
})
afterAll(async () => {
  rmSync(file('hold'), { force: true })
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(server.url + path, body === undefined ? {} : init)
  return (await response.json()) as Answer
}

const newest = async (): Promise<RolloutAnswer> => (await ask<RolloutList>('/api/rollouts')).rollouts[0]!
const now = (): string => readFileSync(file('now'), 'utf8').trim()

/** Starts something, kills the server and its actuator at a moment of it, and starts the server again. */
async function killedAt(moment: Moment, begin: () => Promise<unknown>, isDone: () => Promise<void>): Promise<void> {
  rmSync(file('reached'), { force: true })
  if (moment !== 'done') writeFileSync(file('hold'), moment)
  // Its answer may not come any more.
  const begun = begin().catch(() => undefined)
  if (moment === 'done') await isDone()
  else await expect.poll(() => existsSync(file('reached'))).toBe(true)
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  if (moment !== 'done') process.kill(Number(readFileSync(file('reached'), 'utf8')), 'SIGKILL')
  rmSync(file('hold'), { force: true })
  await begun
  server = await serve(folder)
}

/** The amounts that the actuator was asked for, of one build; each once, in order. */
const amountsOf = (build: string): string[] =>
  readFileSync(file('asked'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([of]) => of === build)
    .map(([, percent]) => percent!)
    .filter((percent, at, all) => percent !== all[at - 1])

const moments: readonly Moment[] = ['run-before', 'run-after', 'read', 'done']
const nothing = async (): Promise<void> => {}
const baking = async (stage: number): Promise<void> => {
  await expect.poll(newest).toMatchObject({ phase: 'baking', stage })
}

describe('a rollout whose server is killed with its actuator comes to the same end', () => {
  it('where it gives the build to more users, and to everybody', async () => {
    let begin: () => Promise<unknown> = () => ask('/api/rollouts', { canary: 'service.version=2' })
    for (const moment of moments) {
      await killedAt(moment, begin, () => baking(1))
      begin = nothing
      if (moment === 'run-before') expect(existsSync(file('now'))).toBe(false)
    }
    await baking(1)
    expect(now()).toBe('10%')
    const { id } = await newest()
    begin = () => ask(`/api/rollouts/${id}/advance`, {})
    const completed = async (): Promise<void> => {
      await expect.poll(newest).toMatchObject({ phase: 'completed' })
    }
    for (const moment of moments) {
      await killedAt(moment, begin, completed)
      begin = nothing
    }
    await completed()
    expect(now()).toBe('100%')
    expect(amountsOf('2')).toEqual(['10', '100'])
    const { steps } = await ask<RolloutHistory>(`/api/rollouts/${id}/history`)
    expect(steps.at(-1)!.text).toContain('completed')
  })

  it('where it takes the build back', async () => {
    await ask('/api/rollouts', { canary: 'service.version=3' })
    await baking(1)
    const { id } = await newest()
    let begin: () => Promise<unknown> = () => ask(`/api/rollouts/${id}/abort`, {})
    const back = async (): Promise<void> => {
      await expect.poll(newest).toMatchObject({ phase: 'rolled-back' })
    }
    for (const moment of moments) {
      await killedAt(moment, begin, back)
      begin = nothing
    }
    await back()
    expect(now()).toBe('0%')
    expect(amountsOf('3')).toEqual(['10', '0'])
  })
})
