import type { Verdict } from '@coalmine/comparator'

/**
 * A verdict for programs: its JSON Schema is `@coalmine/comparator/verdict.schema.json`.
 *
 * @example JSON.parse(verdictJson(verdict)).schema // 'coalmine.verdict/1'
 */
export function verdictJson(verdict: Verdict): string {
  return `${JSON.stringify(verdict, null, 2)}\n`
}
