import type { Charts, Verdict } from '@coalmine/comparator'
import { verdictJson } from './json.ts'
import { verdictJunit } from './junit.ts'
import { verdictMarkdown } from './markdown.ts'
import { verdictText } from './text.ts'

/** What a report is written with besides its verdict; each format takes what it can use. */
export interface RenderOptions {
  readonly colors: boolean
  /** Letters in a line of the terminal; lines are as long as they are where there is none. */
  readonly width?: number | undefined
  /** The comparison's page. */
  readonly url?: string | undefined
  /** Both cohorts over time, where that is known. */
  readonly charts?: Charts | undefined
}

/** The name of a format that a verdict is written in. */
export type VerdictFormat = 'text' | 'json' | 'markdown' | 'junit'

const renderers: Readonly<Record<VerdictFormat, (verdict: Verdict, options: RenderOptions) => string>> = {
  text: verdictText,
  json: verdictJson,
  markdown: verdictMarkdown,
  junit: verdictJunit,
}

/** All of them. */
export const verdictFormats: readonly VerdictFormat[] = Object.keys(renderers) as VerdictFormat[]

/**
 * A verdict in one of the formats.
 *
 * @example renderVerdict(verdict, 'markdown', { colors: false, url })
 */
export function renderVerdict(verdict: Verdict, format: VerdictFormat, options: RenderOptions): string {
  return renderers[format](verdict, options)
}
