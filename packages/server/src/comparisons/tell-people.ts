import type { Verdict } from '@coalmine/comparator'
import type { Happened } from '../notify/story.ts'
import { type ComparisonState, settledOutcome, type Told } from './state.ts'

/** The message about an event, from the state after it; undefined if there is nothing to say. */
export function happenedOf(
  state: ComparisonState,
  told: Told,
  verdict: Verdict | undefined,
): Omit<Happened, 'request' | 'atMs'> | undefined {
  if (told.kind === 'look') return undefined
  if (told.kind === 'started') return { kind: 'started', state, outcome: null, verdict: undefined }
  const settled = settledOutcome(state)
  if (settled === 'running') return { kind: 'interim', state, outcome: state.outcome, verdict }
  return { kind: 'settled', state, outcome: settled, verdict }
}
