import type { Charts, Verdict } from '@coalmine/comparator'
import type { VerdictFormat } from './formats.ts'
import { verdictJson } from './json.ts'
import { verdictJunit } from './junit.ts'
import { verdictMarkdown } from './markdown.ts'
import { verdictText } from './text.ts'

/** Options of a report; each format takes those it can use. */
export interface RenderOptions {
  readonly colors: boolean
  /** Width of the terminal in characters; if undefined, lines are not wrapped. */
  readonly width?: number | undefined
  /** The comparison's page. */
  readonly url?: string | undefined
  /** Both cohorts over time, if known. */
  readonly charts?: Charts | undefined
}

const renderers: Readonly<Record<VerdictFormat, (verdict: Verdict, options: RenderOptions) => string>> = {
  text: verdictText,
  json: verdictJson,
  markdown: verdictMarkdown,
  junit: verdictJunit,
}

/**
 * Formats a verdict in the given format.
 *
 * @example renderVerdict(verdict, 'markdown', { colors: false, url })
 */
export function renderVerdict(verdict: Verdict, format: VerdictFormat, options: RenderOptions): string {
  return renderers[format](verdict, options)
}
