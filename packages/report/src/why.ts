import type { Exemplar, Verdict } from '@coalmine/comparator'

/** What a failure comes from, in at most six lines: a label and what it says. */
export function whyLines(verdict: Verdict): (readonly [string, string])[] {
  const { interactions, why, exemplars } = verdict
  const sentences = [
    ...interactions.slice(0, 2).map(({ message }) => message),
    ...(why?.attributes ?? []).map(({ message, alike }) =>
      alike.length > 0 ? `${message} ${sameAs(alike)}` : message,
    ),
  ]
  return [
    ...sentences.slice(0, 4).map((sentence) => ['why', sentence] as const),
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

function sameAs(attributes: readonly string[]): string {
  const more = attributes.length - 2
  return `The same requests have ${attributes.slice(0, 2).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
}

function traces(exemplars: readonly Exemplar[]): string {
  return exemplars.map(({ traceId }) => traceId).join(' ')
}
