// Writes down what a real Prometheus answers, for machines that have none: node test/prometheus/record.ts
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { coalmine } from '../e2e/coalmine.ts'
import { backfilled, cases, common } from './cases.ts'
import { type Answer, realSource, recordedFile, recording } from './source.ts'

const real = await realSource()
const answers: Record<string, Answer> = {}
const source = await recording(real, answers)
try {
  const liveEnd = await source.liveEnd()
  for (const { name, args, live, code } of cases) {
    const end = live ? ['--end', liveEnd] : backfilled
    const run = await coalmine(tmpdir(), ['compare', '--prometheus', source.url, ...common, ...args, ...end])
    console.log(name, run.code === code ? 'ok' : `exit ${run.code}\n${run.stdout}${run.stderr}`)
  }
  writeFileSync(recordedFile, `${JSON.stringify({ liveEnd, answers })}\n`)
} finally {
  await source.close()
  await real.close()
}
