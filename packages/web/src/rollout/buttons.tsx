import type { RolloutAnswer } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { tell, troubleOf } from '../data/ask.ts'

interface Button {
  readonly command: string
  readonly title: string
  /** The question to confirm first; none if the command does no harm. */
  readonly sure?: string
  readonly body?: object
}

interface Props {
  readonly rollout: RolloutAnswer
  /** Called after a command was sent. */
  readonly said: () => void
}

/** The commands that a rollout accepts now. Those that move users ask for confirmation. */
export function Buttons({ rollout, said }: Props): VNode | null {
  const [asked, setAsked] = useState<string>()
  const [trouble, setTrouble] = useState<string>()
  const buttons = buttonsOf(rollout)
  if (buttons.length === 0) return null
  const press = async ({ command, sure, body = {} }: Button): Promise<void> => {
    if (sure !== undefined && asked !== command) return setAsked(command)
    setAsked(undefined)
    try {
      await tell(`/api/rollouts/${encodeURIComponent(rollout.id)}/${command}`, body)
      setTrouble(undefined)
    } catch (error) {
      const found = troubleOf(error)
      setTrouble(found.kind === 'refused' ? found.message : 'The server did not answer: try again.')
    }
    said()
  }
  const inQuestion = buttons.find(({ command }) => command === asked)
  return (
    <>
      <fieldset class="choices" aria-label="What to do">
        {inQuestion?.sure === undefined ? (
          buttons.map((one) => (
            <button key={one.command} type="button" onClick={() => void press(one)}>
              {one.title}
            </button>
          ))
        ) : (
          <>
            <span>{inQuestion.sure}</span>
            <button type="button" onClick={() => void press(inQuestion)}>
              Yes, {inQuestion.title.toLowerCase()}
            </button>
            <button type="button" onClick={() => setAsked(undefined)}>
              No
            </button>
          </>
        )}
      </fieldset>
      {trouble !== undefined && (
        <p class="lost" role="alert">
          {trouble}
        </p>
      )}
    </>
  )
}

function buttonsOf({
  phase,
  isPaused,
  needsApproval,
  endedAt,
  stage,
  stages,
  canary,
}: RolloutAnswer): readonly Button[] {
  if (endedAt !== null || phase === 'rolling-back') return []
  if (phase === 'stuck')
    return [
      {
        command: 'abort',
        title: 'Roll back anyway',
        sure: 'Stable may be failing itself. Send everybody back to it?',
        body: { force: true },
      },
    ]
  const next = stages[stage]?.amount ?? 'its end'
  return [
    ...(needsApproval
      ? [{ command: 'approve', title: 'Approve', sure: `Let ${canary} go on to ${next} once its gate is open?` }]
      : []),
    isPaused || phase === 'holding' ? { command: 'resume', title: 'Resume' } : { command: 'pause', title: 'Pause' },
    ...(isPaused || phase === 'moving'
      ? []
      : [{ command: 'advance', title: 'Advance', sure: `Go on to ${next} now, whatever the verdict?` }]),
    { command: 'abort', title: 'Abort', sure: `Send everybody from ${canary} back to stable?` },
  ]
}
