import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import { otherOperations } from '../scopes.ts'
import { flagDifferences } from '../why/flags.ts'
import { findingKey, type HeldBack } from './beyond.ts'
import type { Missing } from './missing.ts'
import type { Outcome } from './outcome.ts'
import { heldBackSentence, missingSentence } from './wording.ts'

/** Why the findings lead to the outcome: what failed, critical metrics first; that all is within its margin; or what is unsettled. */
export function decisive(
  outcome: Outcome,
  findings: readonly Finding[],
  missing: readonly Missing[],
  { metrics }: Policy,
  heldBack: ReadonlyMap<string, HeldBack> = new Map(),
): Reason[] {
  if (findings.length === 0) {
    const message = 'No metric decides: give one of them gate: true in coalmine.yaml.'
    return [{ code: 'nothing-decides', weight: 'blocks', message }]
  }
  const critical = new Set(metrics.filter((metric) => metric.critical).map(({ name }) => name))
  switch (outcome) {
    case 'fail':
      return mostSpecific(findings.filter((finding) => finding.decision === 'fail'))
        .sort((a, b) => Number(critical.has(b.metric)) - Number(critical.has(a.metric)))
        .map((finding) => ({ code: failCode(finding), weight: 'decides', message: finding.message }))
    case 'pass':
      return [{ code: 'within-margin', weight: 'decides', message: passSentence(findings) }]
    default:
      return unsettled(missing, heldBack)
  }
}

function failCode({ expect }: Finding): Reason['code'] {
  return expect === 'better' || expect === 'same' ? 'not-as-expected' : 'worse-than-margin'
}

/** The sentence of a PASS. */
export function passSentence(findings: readonly Pick<Finding, 'required' | 'decision'>[]): string {
  const needed = findings.filter((finding) => finding.required).length
  const others = findings.filter((finding) => !finding.required && finding.decision !== 'pass').length
  const rest = others > 0 ? `; ${others} more, with little traffic, can only fail and have not` : ''
  return needed === 1
    ? `The one finding that PASS needs is within its margin${rest}.`
    : `All ${needed} findings that PASS needs are within their margins${rest}.`
}

const shownMissing = 3

/** The parts that will take longest, and the number of all of them. */
export function unsettled(missing: readonly Missing[], heldBack: ReadonlyMap<string, HeldBack> = new Map()): Reason[] {
  const held = missing.filter((one) => heldBack.has(findingKey(one)))
  const keys = [...new Set(held.map(findingKey))]
  const first = keys.map((key) => {
    const one = held.find((part) => findingKey(part) === key)!
    return `Not settled: ${heldBackSentence(one, heldBack.get(key)!)}.`
  })
  const rest = missing.filter((one) => !held.includes(one))
  const longest = [...rest].sort((a, b) => (b.seconds ?? -1) - (a.seconds ?? -1))
  const sentences = [...first, ...longest.map((one) => `Not settled: ${missingSentence(one)}.`)]
  const more = sentences.splice(shownMissing).length
  if (more > 0)
    sentences.push(
      `Not settled: ${more} more, which need less or an unknown amount; "missing" in the JSON lists them all.`,
    )
  return sentences.map((message) => ({ code: 'not-enough-evidence', weight: 'blocks', message }))
}

/** Drops a service-wide finding if a finding of one operation explains it. */
export function mostSpecific(failed: readonly Finding[]): Finding[] {
  const explained = (finding: Finding): boolean =>
    finding.scope === 'service' &&
    failed.some(
      (other) => other.scope === 'operation' && other.metric === finding.metric && other.operation !== otherOperations,
    )
  return failed.filter((finding) => !explained(finding))
}

const mostFlagsNoted = 10

/** Flags that differ between the cohorts, unless a FAIL names them already, and how many flags were not examined. */
export function flagNotes(outcome: Outcome, facts: Facts): Reason[] {
  const note = (code: 'flags-differ' | 'flags-left-out', message: string): Reason => ({ code, weight: 'note', message })
  const leftOut = facts.stable.flagsLeftOut ?? 0
  const notes =
    leftOut > 0 ? [note('flags-left-out', `${leftOut} flags were not checked, because others have more requests.`)] : []
  if (outcome === 'fail') return notes
  const differing = flagDifferences(facts.stable, facts.canary, () => true)
  const more = differing.length - mostFlagsNoted
  return [
    ...differing
      .slice(0, mostFlagsNoted)
      .map(({ flag, stable, canary }) =>
        note(
          'flags-differ',
          `Flag ${flag} differs between the cohorts: ${stable?.variant ?? 'not evaluated'} in stable, ${canary?.variant ?? 'not evaluated'} in canary.`,
        ),
      ),
    ...(more > 0 ? [note('flags-differ', `${more} more flags differ between the cohorts.`)] : []),
    ...notes,
  ]
}
