import type { Exemplar, Verdict } from '@coalmine/comparator'
import { percent } from '@coalmine/comparator/numbers'
import { shownInteractions } from './interaction-tables.ts'

/** Explains a failure in at most six lines, each with a label. */
export function whyLines(verdict: Verdict): (readonly [string, string])[] {
  const { interactions, why, exemplars } = verdict
  const sentences = [
    ...interactions.slice(0, shownInteractions).map(({ message }) => message),
    ...(why?.attributes ?? []).map(({ message, alike }) =>
      alike.length > 0 ? `${message} ${sameAs(alike)}` : message,
    ),
  ]
  const also = alsoRegressed(verdict)
  return [
    ...also.map((sentence) => ['also', sentence] as const),
    ...sentences.slice(0, 4 - also.length).map((sentence) => ['why', sentence] as const),
    ...(exemplars
      ? ([
          ['stable', traces(exemplars.stable)],
          ['canary', traces(exemplars.canary)],
        ] as const)
      : []
    )
      .filter(([, ids]) => ids !== '')
      .map(([cohort, ids]) => ['trace', `${cohort} ${ids}`] as const),
  ]
}

/** Regressed operations that no finding covers. */
function alsoRegressed({ regressed, findings, policy }: Verdict): string[] {
  const failed = findings.filter(({ decision }) => decision === 'fail')
  const others = regressed.filter(
    (one) => !failed.some(({ metric, operation }) => metric === one.metric && operation === one.operation),
  )
  if (others.length === 0) return []
  const named = others.slice(0, shownOperations).map(({ operation, metric }) => `${operation} (${metric})`)
  const more = others.length - named.length
  const list = `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return [`Also worse, at a false discovery rate of ${percent(policy.alpha)}: ${list}.`]
}

const shownOperations = 5

function sameAs(attributes: readonly string[]): string {
  const more = attributes.length - 2
  return `The same requests also have ${attributes.slice(0, 2).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
}

function traces(exemplars: readonly Exemplar[]): string {
  return exemplars.map(({ traceId }) => traceId).join(' ')
}
