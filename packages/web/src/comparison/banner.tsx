import type { Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { capital, count, duration, moment, prose } from '../data/format.ts'
import type { Link } from '../data/live.ts'
import type { ComparisonData, RunState } from '../data/model.ts'

/** The state shown in the banner. */
export type Standing = 'pass' | 'fail' | 'inconclusive' | 'invalid' | 'running' | 'waiting'

/** Returns a comparison's state: a FAIL is shown at once; anything else is not settled while it runs. */
export function standingOf(state: RunState | null, verdict: Verdict | null): Standing {
  if (!state || state.state === 'ended') return verdict?.verdict ?? state?.outcome ?? 'inconclusive'
  if (verdict?.verdict === 'fail') return 'fail'
  if (!verdict || verdict.verdict === 'invalid') return 'waiting'
  return 'running'
}

const titles: Record<Standing, string> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
  invalid: 'Invalid',
  running: 'Watching',
  waiting: 'Waiting for traffic',
}

const signs: Record<Standing, string> = {
  pass: 'M5 13l5 5L20 7',
  fail: 'M6 6l12 12M18 6L6 18',
  inconclusive: 'M5 12h14',
  invalid: 'M12 4v10M12 18.5v.5',
  running: 'M12 5v7l5 3',
  waiting: 'M6 12h.5M12 12h.5M18 12h.5',
}

interface Props extends ComparisonData {
  readonly link: Link
}

/** The verdict, or what it waits for, large enough to read across a room. */
export function Banner({ state, verdict, link }: Props): VNode {
  const standing = standingOf(state, verdict)
  return (
    <section class={`banner ${standing}`} aria-label="Verdict">
      <svg class="sign" viewBox="0 0 24 24" width="72" height="72" aria-hidden="true">
        <circle cx="12" cy="12" r="11" />
        <path d={signs[standing]} />
      </svg>
      <div>
        <p class="verdict" role="status">
          {titles[standing]}
        </p>
        <p class="waits">{prose(capital(sentenceOf(standing, state, verdict)))}</p>
      </div>
      {state?.state === 'running' && standing !== 'waiting' && <Progress state={state} />}
      {link === 'lost' && (
        <p class="lost" role="alert">
          The connection to the server is lost. What you see is from{' '}
          {state?.judgedAt ? moment(state.judgedAt) : 'before'}; this page reconnects by itself.
        </p>
      )}
    </section>
  )
}

function Progress({ state }: { state: RunState }): VNode | null {
  const { progress, limits } = state
  if (!progress) return null
  const share = Math.min(1, (progress.seconds * 1000) / limits.forMs)
  return (
    <dl class="progress">
      <div>
        <dt>Time</dt>
        <dd>
          <Bar share={share} name="time" />
          {duration(progress.seconds)} of {duration(limits.forMs / 1000)}
        </dd>
      </div>
      <div>
        <dt>Harm</dt>
        <dd>
          <Bar share={progress.harmPercent / 100} name="harm" />
          {progress.harmPercent} % of what FAIL needs
        </dd>
      </div>
      <div>
        <dt>Safety</dt>
        <dd>
          <Bar share={progress.safetyPercent / 100} name="safety" />
          {progress.safetyPercent} % of what PASS needs
        </dd>
      </div>
    </dl>
  )
}

/** A progress bar; its number is shown beside it. */
function Bar({ share, name }: { share: number; name: string }): VNode {
  return (
    <svg class={`bar-of ${name}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" />
      <rect class="part" width={100 * Math.min(1, Math.max(0, share))} height="8" />
    </svg>
  )
}

/** One sentence under the verdict. */
export function sentenceOf(standing: Standing, state: RunState | null, verdict: Verdict | null): string {
  if (standing === 'waiting') return state?.reason ?? 'No spans of the canary have been counted yet.'
  const [first] = verdict?.reasons ?? []
  if (standing !== 'running') return first?.message ?? state?.reason ?? ''
  return waitsFor(state!, verdict!)
}

/** Says what a running comparison is waiting for, and about how long. */
function waitsFor({ limits }: RunState, verdict: Verdict): string {
  const left = Math.max(0, limits.forMs / 1000 - verdict.window.seconds)
  if (verdict.verdict === 'pass')
    return limits.earlyPass
      ? 'Everything that PASS needs is proved.'
      : `Everything that PASS needs is proved so far. The verdict comes after ${duration(limits.forMs / 1000)} of canary traffic, in ${duration(left)}.`
  const known = verdict.missing.filter(({ seconds }) => seconds !== null)
  const longest = known.reduce<(typeof known)[number] | undefined>(
    (most, one) => ((one.seconds ?? 0) > (most?.seconds ?? 0) ? one : most),
    undefined,
  )
  const blocked = verdict.reasons.find(({ weight, code }) => weight === 'blocks' && code !== 'not-enough-evidence')
  if (blocked) return `PASS is not possible at the moment: ${blocked.message}`
  if (!longest)
    return `No harm is proved, and there is not enough evidence for PASS. It is judged for another ${duration(left)}.`
  const where = longest.operation ? ` on ${longest.operation}` : ''
  return `No harm is proved. PASS waits for ${longest.metric}${where}: about ${count(longest.canaryRequests ?? 0)} more canary requests, ${duration(longest.seconds ?? 0)} at this rate. It is judged for another ${duration(left)} at most.`
}
