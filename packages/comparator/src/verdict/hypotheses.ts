import type { Finding } from '../finding.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Expect } from '../policy/metric-schema.ts'
import { expectationPhrase } from './expectation-phrase.ts'
import { changePhrase, nameInWords } from './wording.ts'

/** The answer to one expectation in the policy. */
export interface Hypothesis {
  readonly metric: string
  readonly expect: Expect
  /** The author's reason for the expectation. */
  readonly reason: string | null
  readonly answer: 'confirmed' | 'refuted' | 'open'
  readonly message: string
}

/**
 * Answers every expectation in the policy: refuted if one of its findings FAILs, confirmed if everything that PASS
 * needs is proved and the comparison is fair, open otherwise.
 *
 * @param why what keeps the comparison from PASS regardless of its findings; null if it is fair.
 */
export function hypothesesOf(
  metrics: readonly MetricPolicy[],
  findings: readonly Finding[],
  why: 'unfair' | 'invalid' | null,
): Hypothesis[] {
  return metrics
    .filter(({ hypothesis, gate }) => hypothesis && gate !== 'off')
    .map((metric) => {
      // For `better`, a single operation only has to be no worse: see `gateOf`.
      const about = findings.filter((one) => one.metric === metric.name && one.expect === metric.expect)
      const { answer, grounds } = answerOf(about, why)
      const because = metric.reason === null ? '' : ` (${metric.reason})`
      const stamp = answer[0]!.toUpperCase() + answer.slice(1)
      return {
        metric: metric.name,
        expect: metric.expect,
        reason: metric.reason,
        answer,
        message: `${stamp}: expected ${nameInWords(metric.name)} to be ${expectationPhrase(metric)}${because}; ${grounds}.`,
      }
    })
}

function answerOf(
  about: readonly Finding[],
  why: 'unfair' | 'invalid' | null,
): { readonly answer: Hypothesis['answer']; readonly grounds: string } {
  const failed = about.filter((one) => one.decision === 'fail')
  const service = about.find((one) => one.scope === 'service')
  const worst = failed.find((one) => one.scope === 'operation') ?? failed[0]
  if (worst) return { answer: 'refuted', grounds: `${where(worst)}: ${changePhrase(worst)}` }
  if (!service) {
    return { answer: 'open', grounds: why === 'invalid' ? 'the comparison is invalid' : 'it was not measured' }
  }
  const needed = about.filter((one) => one.required)
  if (needed.some((one) => one.decision !== 'pass'))
    return { answer: 'open', grounds: `${changePhrase(service)} so far` }
  return why === null
    ? { answer: 'confirmed', grounds: changePhrase(service) }
    : { answer: 'open', grounds: `the comparison is unfair, ${changePhrase(service)}` }
}

function where(finding: Finding): string {
  return finding.operation ?? 'the whole service'
}
