import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

// Answers each question of test/bench, one after the other and each in a process of its own: npm run bench [-- NAME...]
interface Row {
  readonly name: string
  readonly value: number | string
  readonly target: string
  readonly ok: boolean
}

const here = fileURLToPath(new URL('.', import.meta.url))
const [first, ...rest] = process.argv.slice(2)

if (first !== undefined && rest.length === 0) {
  const { run } = (await import(`${here}${first}.ts`)) as { run(): Promise<readonly Row[]> }
  const rows = await run()
  console.log(`## ${first}\n\n| what | measured | target | |\n|---|---|---|---|`)
  for (const { name, value, target, ok } of rows)
    console.log(`| ${name} | ${value} | ${target} | ${ok ? 'met' : 'MISSED'} |`)
  console.log()
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
} else {
  const all = globSync('*.ts', { cwd: here }).map((file) => basename(file, '.ts'))
  const names = first === undefined ? all.filter((name) => name !== 'run').sort() : [first, ...rest]
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}\n`,
  )
  const failed = names.filter(
    (name) => spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' }).status !== 0,
  )
  if (failed.length > 0) console.log(`A target was missed in: ${failed.join(', ')}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
