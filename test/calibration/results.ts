import { type Calibrated, cells, peersOnErrors, peersOnLatency } from './cells.ts'
import { comparisons } from './comparisons.ts'
import { judgeCell, shownTime } from './requirement.ts'
import { median, type Result } from './simulate.ts'

type Results = ReadonlyMap<Calibrated, Result>

/** The results as Markdown, and whether all that must hold does. */
export function resultsIn(results: Results): { readonly text: string; readonly holds: boolean } {
  const measured = cells.filter((cell) => results.has(cell))
  const groups = [...new Set(measured.map((cell) => cell.group))]
  let holds = true
  const verdict = (kept: boolean): string => {
    holds &&= kept
    return kept ? 'yes' : '**no**'
  }
  const tables = groups.map((group) => {
    const ofGroup = measured.filter((cell) => cell.group === group)
    if (group === peersOnLatency || group === peersOnErrors) return `## ${group}\n\n${besideOthers(ofGroup, results)}`
    const rows = ofGroup.map((cell) => {
      const { measured, required, holds: kept } = judgeCell(cell, results.get(cell)!)
      return `| ${cell.name} | ${cell.runs} | ${measured} | ${required} | ${required === '' ? '' : verdict(kept)} |`
    })
    return `## ${group}\n\n| what | runs | measured | must be | |\n|---|---|---|---|---|\n${rows.join('\n')}`
  })
  const compared = comparisons.flatMap(({ name, required, measure }) => {
    const found = measure((group, name) => results.get(cells.find((one) => one.group === group && one.name === name)!))
    return found ? [`| ${name} | ${found.measured} | ${required} | ${verdict(found.holds)} |`] : []
  })
  if (compared.length > 0) {
    tables.push(`## Compared\n\n| what | measured | must be | |\n|---|---|---|---|\n${compared.join('\n')}`)
  }
  const part = results.size < cells.length ? `\n${results.size} of ${cells.length} cells.\n` : ''
  return { text: `${heading}${part}\n${tables.join('\n\n')}\n`, holds }
}

/** One row a rule, one column a cell: how many alarms, and the median time to one. */
function besideOthers(ofGroup: readonly Calibrated[], results: Results): string {
  const ours = ofGroup.map((cell) => results.get(cell)!.secondsToFail)
  const names = Object.keys(results.get(ofGroup[0]!)!.peers)
  const row = (name: string, columns: readonly (readonly number[])[]): string =>
    `| ${name} | ${columns.map(alarms).join(' | ')} |`
  return [
    `| share of runs with an alarm / median time to it | ${ofGroup.map(({ name }) => name).join(' | ')} |`,
    `|---|${ofGroup.map(() => '---|').join('')}`,
    row('**Coalmine**', ours),
    ...names.map((name) =>
      row(
        name,
        ofGroup.map((cell) => results.get(cell)!.peers[name]!),
      ),
    ),
  ].join('\n')
}

function alarms(times: readonly number[]): string {
  const share = times.filter(Number.isFinite).length / times.length
  return `${share.toFixed(3)} / ${shownTime(median(times), 's')}`
}

const heading = `# Calibration

Made by \`npm run calibrate\`, seeded: it prints the same again. Each run is half an hour (less where detection is quick) of a
service with 100 requests/s, a tenth of them to the canary, in ticks of five seconds, lognormal latencies with a median of 100 ms
and sigma 0.6, judged by \`judge\` with all its looks; a cell's name says what is different in it. A rate may exceed its level by
three standard errors. Where there is one finding, the rates are those at alpha 5 %, 1 % and 0.1 %. "must be" is what was asked for
before it was measured. Times are those of the traffic; export and the closing of a tick come on top.
`
