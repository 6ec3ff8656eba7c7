// Twelve minutes of a storefront's span metrics, scraped every 15 s: two stable processes, and a canary that starts after two.
import { classicText, counter, family } from './exposition.ts'
import { processOf } from './service.ts'

export const backfillStart = Date.UTC(2026, 10, 20, 10) / 1000
export const backfillEnd = backfillStart + 12 * 60
const canaryStart = backfillStart + 120
const interval = 15

/** As promtool takes it. */
export function openMetrics(): string {
  const processes = [
    { process: processOf('1.0.0', 'pod-a:9464', { seed: 1 }), offset: 3, from: backfillStart - 3600 },
    { process: processOf('1.0.0', 'pod-b:9464', { seed: 2 }), offset: 9, from: backfillStart - 3600 },
    { process: processOf('2.0.0', 'pod-c:9464', { seed: 3, slower: 2.5 }), offset: 13, from: canaryStart },
  ]
  const text: string[] = []
  for (const { process, offset, from } of processes) {
    // What it served before.
    if (from < backfillStart) process.serve(2000)
    for (let time = Math.max(from, backfillStart) + offset; time <= backfillEnd; time += interval) {
      process.serve(10 * interval)
      text.push(classicText(process, { job: 'storefront', instance: process.instance }, time))
    }
  }
  const seriesOf = (line: string): string => line.slice(0, line.indexOf('} '))
  const lines = text.join('\n').split('\n')
  // OpenMetrics wants the samples of a series together, in the order of time.
  lines.sort((a, b) => (seriesOf(a) < seriesOf(b) ? -1 : seriesOf(a) > seriesOf(b) ? 1 : 0))
  const calls = lines.filter((line) => line.startsWith(counter))
  const histograms = lines.filter((line) => !line.startsWith(counter))
  const typed = [
    `# TYPE ${counter.replace(/_total$/, '')} counter`,
    ...calls,
    `# TYPE ${family} histogram`,
    ...histograms,
  ]
  return `${typed.join('\n')}\n# EOF\n`
}
