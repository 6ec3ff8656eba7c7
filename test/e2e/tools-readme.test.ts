import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { recordedSource } from '../prometheus/source.ts'
import { coalmineHere as coalmine, type Run, storeHere } from './coalmine.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'packages/cli/README.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
let store: Awaited<ReturnType<typeof storeHere>>
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A section between its markers: its command, what stands below it, and what the command prints now. */
async function section(
  name: string,
  here = (command: string): string => command,
): Promise<{ readonly printed: string; readonly run: Run; readonly text: string }> {
  const text = new RegExp(`<!-- ${name}: [^\\n]*\\n([\\s\\S]*?)<!-- /${name} -->`).exec(readme)![1]!
  const [, command, printed] = /```console\n\$ npx coalmine (.*)\n([\s\S]*?)```/.exec(text)!
  const csv = /```csv\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  writeFileSync(join(folder, 'latency.csv'), csv)
  // A store does not keep spans for ever.
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  writeFileSync(join(folder, 'spans.csv'), csv.replaceAll('2026-11-20', yesterday))
  return { text, printed: printed!, run: await coalmine(folder, here(command!).split(' ')) }
}

/** What is left when numbers, times and the room that they take may differ. */
function form(text: string): string {
  return text
    .replace(/> /g, '')
    .replace(/\d+ (h|min|s)\b( \d+ (min|s)\b)?/g, 'TIME')
    .replace(/ -(?= |$)/gm, ' TIME')
    .replace(/\d+(\.\d+)?/g, 'N')
    .replace(/ +/g, ' ')
}

beforeAll(async () => {
  store = await storeHere(folder)
  expect(await coalmine(folder, ['import', join(root, 'examples/demo/canary.jsonl.gz')])).toMatchObject({ code: 0 })
})

it('the table is imported as the README says', async () => {
  const { printed, run } = await section('tables')
  expect(run.stderr + run.stdout).toBe(printed)
  expect(run.code).toBe(65)
})

it('span metrics are judged as the README says', async () => {
  const source = await recordedSource()
  try {
    const { printed, run } = await section('prometheus', (command) =>
      command.replace('http://prometheus:9090', source.url),
    )
    expect(run).toMatchObject({ stdout: printed, stderr: '', code: 1 })
  } finally {
    await source.close()
  }
})

it('the series are judged as the README says', async () => {
  const { printed, run } = await section('series')
  expect(run).toMatchObject({ stdout: printed, stderr: '', code: 1 })
})

it('the plan has the form that the README shows', async () => {
  const { printed, run } = await section('plan')
  expect(run).toMatchObject({ stderr: '', code: 0 })
  // Which operations take longest may differ with the numbers.
  const sorted = (text: string): string[] =>
    form(text)
      .split('\n')
      .filter((line) => !/^ (latency|errors|Nxx) /.test(line))
  expect(sorted(run.stdout)).toEqual(sorted(printed))
})

it('the calibration has the form that the README shows', async () => {
  const { printed, run } = await section('calibrate')
  expect(run.code).toBe(0)
  expect(form(run.stdout)).toBe(form(printed))
})
