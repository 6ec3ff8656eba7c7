import type { Verdict } from '@coalmine/comparator'
import { printableJson } from './printable.ts'

/**
 * A verdict for programs: its JSON Schema is `@coalmine/comparator/verdict.schema.json`.
 *
 * @example JSON.parse(verdictJson(verdict)).schema // 'coalmine.verdict/1'
 */
export function verdictJson(verdict: Verdict): string {
  return `${printableJson(verdict)}\n`
}
