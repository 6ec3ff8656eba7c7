// npm run calibrate: every cell in full, on every core; interrupted, it goes on where it stopped. Words after it choose cells by
// their names.
import { writeFileSync } from 'node:fs'
import { cells } from './cells.ts'
import { measure } from './measure.ts'
import { resultsIn } from './results.ts'

const wanted = process.argv.slice(2)
const chosen = cells.filter(
  (cell) => wanted.length === 0 || wanted.some((word) => `${cell.group}: ${cell.name}`.includes(word)),
)
const began = performance.now()
const results = await measure(chosen, (done, measuring) => {
  if (!process.stderr.isTTY) return
  const minutes = ((performance.now() - began) / 60_000).toFixed(1)
  process.stderr.write(
    `\r\x1b[K${done} of ${chosen.length} cells, ${minutes} min  ${measuring.join('; ')}`.slice(0, 160),
  )
})
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
const { text, holds } = resultsIn(results)
console.log(text)
if (wanted.length === 0) writeFileSync(`${import.meta.dirname}/RESULTS.md`, text)
process.exitCode = holds ? 0 : 1
