// npm run fuzz [inputs] [seed]: what becomes of broken requests. Exit code 1 when one did more than be refused.
import { fuzz } from './fuzz.ts'

const [inputs = 100_000, seed = 1] = process.argv.slice(2).map(Number)
const started = performance.now()
const result = await fuzz(seed, inputs, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${inputs}`)
})
if (process.stderr.isTTY) process.stderr.write('\r')
const seconds = (performance.now() - started) / 1000
const { stored, refused, others, soundSent, soundStored, wrongRows, grownBytes } = result
console.log(`${inputs} inputs of seed ${seed} in ${seconds.toFixed(0)} s: ${stored} stored, ${refused} refused`)
console.log(`sound spans and evaluations among them: ${soundStored} stored of ${soundSent}; wrong rows: ${wrongRows}`)
console.log(`memory grew by ${(grownBytes / 1e6).toFixed(0)} MB`)
for (const other of others.slice(0, 20)) console.error(other)
const fine = others.length === 0 && soundStored === soundSent && wrongRows === 0 && grownBytes < 500e6
process.exitCode = fine ? 0 : 1
