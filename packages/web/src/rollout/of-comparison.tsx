import type { RolloutAnswer } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { useAnswer } from '../data/answer.ts'
import { useHere } from '../data/place.ts'
import { Link } from '../link.tsx'
import { Buttons } from './buttons.tsx'
import { StageLine } from './stages.tsx'

/** The rollout whose stage a comparison judges; renders nothing if there is none, or in a report. */
export function StagesOf({ labels }: { labels: Readonly<Record<string, string>> | undefined }): VNode | null {
  const here = useHere()
  const [attempt, setAttempt] = useState(0)
  const id = here.isReport ? undefined : labels?.['rollout']
  const path = id === undefined ? undefined : `/api/rollouts/${encodeURIComponent(id)}`
  const { answer } = useAnswer<RolloutAnswer>(path, 3_000, attempt)
  if (!answer) return null
  return (
    <section class="rollout" aria-label="Rollout">
      <StageLine rollout={answer} />
      <Buttons rollout={answer} said={() => setAttempt(attempt + 1)} />
      <p class="quiet">
        <Link to={`/rollouts/${answer.id}`}>What happened in this rollout</Link>
      </p>
    </section>
  )
}
