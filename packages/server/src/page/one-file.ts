import { createHash } from 'node:crypto'
import type { ComparisonState, Verdict } from '@coalmine/comparator'
import { ServerError } from '../errors.ts'
import type { ComparisonView } from '../views/view.ts'
import { readPage } from './files.ts'

/** The content of a report: a verdict, its view, and the comparison's state if it ran in a server. */
export interface ReportContent {
  readonly verdict: Verdict
  /** Null if there are no charts, as for span metrics or a saved verdict. */
  readonly view: ComparisonView | null
  readonly state: ComparisonState | null
}

// The operations with the least harm lose their charts if the file would become too large for a pull request.
const mostDataBytes = 800_000

/**
 * Builds the page of a comparison with its data as a single file below one megabyte, which opens from disk and makes no
 * requests.
 *
 * Throws a ServerError of kind `unavailable` if the page was not built.
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
  // Sequences that would end the enclosing element are replaced by equivalent ones.
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
