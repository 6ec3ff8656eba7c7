import type { RolloutAnswer, RolloutStageAnswer } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { duration, moment } from '../data/format.ts'

/** The stages of a rollout in a line, and what it waits for. */
export function StageLine({ rollout }: { rollout: RolloutAnswer }): VNode {
  const { stages, stageSince, endedAt, back, waitsFor } = rollout
  return (
    <>
      <ol class="stages" aria-label="Stages">
        {stages.map((one, at) => (
          <li key={one.amount} class={one.state} aria-current={one.state === 'now' ? 'step' : undefined}>
            <b>
              {signs[one.state]} {one.amount}
            </b>
            <small>{askedOf(one)}</small>
            {at + 1 === rollout.stage && stageSince !== null && endedAt === null && (
              <small>since {moment(stageSince)}</small>
            )}
          </li>
        ))}
      </ol>
      <p class="waits" role="status">
        <b>{wordOf(rollout)}</b>
        {back ? `: ${back.reason}` : ''}
        {endedAt === null ? `. Waiting for: ${waitsFor}.` : ` at ${moment(endedAt)}.`}
      </p>
    </>
  )
}

const signs = { done: '✓', now: '▸', next: '·' } as const

/** The state of a rollout, in a word or two. */
export function wordOf({ phase, isPaused, endedAt }: RolloutAnswer): string {
  return isPaused && endedAt === null ? 'Paused' : words[phase]
}

const words: Readonly<Record<RolloutAnswer['phase'], string>> = {
  pending: 'About to start',
  moving: 'Moving to the next stage',
  baking: 'Watching this stage',
  holding: 'Past its deadline',
  'rolling-back': 'Going back',
  stuck: 'Stuck',
  completed: 'Completed',
  'rolled-back': 'Rolled back',
  superseded: 'Superseded by a newer build',
}

function askedOf({ isWhole, bakeMs, gate, approve }: RolloutStageAnswer): string {
  if (isWhole) return 'everybody'
  const wanted = `${gate === 'pass' ? 'a PASS' : 'no FAIL'} after ${duration(bakeMs / 1000)}`
  return approve ? `${wanted}, and an approval` : wanted
}
