import { createHash } from 'node:crypto'
import type { ComparisonState, Verdict } from '@coalmine/comparator'
import { ServerError } from '../errors.ts'
import type { ComparisonView } from '../views/view.ts'
import { readPage } from './files.ts'

/** What a report shows: a verdict, what is looked at beside it, and the state where it ran in a server. */
export interface ReportContent {
  readonly verdict: Verdict
  /** Null where there are no charts, as of span metrics, or of a verdict that somebody kept. */
  readonly view: ComparisonView | null
  readonly state: ComparisonState | null
}

// Operations with the least harm go without their charts where the file would become larger than a pull request takes.
const mostDataBytes = 800_000

/**
 * The page of a comparison with its data in one file, below one megabyte, which opens from disk and asks nobody for
 * anything.
 *
 * Throws a ServerError of kind `unavailable` where the page was not built.
 *
 * @example await writeFile('report.html', await reportPage({ verdict, view, state: null }, Date.now()))
 */
export async function reportPage(content: ReportContent, nowMs: number): Promise<string> {
  const page = await readPage()
  if (!page) throw new ServerError('unavailable', 'the page was not built: npm run build makes it')
  const bodies = (type: string): string =>
    [...page.assets]
      .filter(([path]) => path.endsWith(type))
      .map(([, { body }]) => body.toString('utf8'))
      .join('\n')
  // What would end the element that it stands in is written otherwise, which means the same.
  const script = bodies('.js').replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
  const style = bodies('.css').replaceAll('</style', '<\\/style')
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const data = { kind: 'comparison', writtenAt: new Date(nowMs).toISOString(), ...content, view: bounded(content) }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Coalmine</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. The same verdict is in the terminal: coalmine report --help</noscript>
<script type="application/json" id="coalmine-data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function bounded({ verdict, view }: ReportContent): ComparisonView | null {
  if (!view?.charts) return view
  const { scopes, ...charts } = view.charts
  let bytes = JSON.stringify({ ...view, charts }).length + JSON.stringify(verdict).length
  const kept: typeof scopes = scopes.filter((scope) => {
    bytes += JSON.stringify(scope).length
    return bytes <= mostDataBytes
  })
  return { ...view, charts: { ...charts, scopes: kept } }
}
