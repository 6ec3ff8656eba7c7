import type { Verdict } from '@coalmine/comparator'
import { printableJson } from './printable.ts'

/**
 * Formats a verdict as JSON; its JSON Schema is `@coalmine/comparator/verdict.schema.json`.
 *
 * @example JSON.parse(verdictJson(verdict)).schema // 'coalmine.verdict/1'
 */
export function verdictJson(verdict: Verdict): string {
  return `${printableJson(verdict)}\n`
}
