import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { start } from './coalmine.ts'

// Stores go there: who is killed cannot remove its own.
const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The processes that a process has started and that still run. */
function startedBy(pid: number): number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, ...args]) => Number(parent) === pid && !args.includes('pid=,ppid=,args='))
    .map(([child]) => Number(child))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it.each([
  ['SIGINT', 130],
  ['SIGKILL', null],
] as const)('%s ends the demo, with all that it started', async (signal, exitCode) => {
  const demo = start(folder, ['demo', '--acts', '1', '--rate', '50'], { TMPDIR: folder })
  let said = ''
  demo.stdout!.setEncoding('utf8').on('data', (text: string) => (said += text))
  demo.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  // What it said last may come after its end.
  const ended = once(demo, 'close')
  await expect.poll(() => startedBy(demo.pid!)).toHaveLength(4)
  const started = startedBy(demo.pid!)
  // The load is under way, and its spans.
  const url = /their spans to (http:\S+)\.\n/.exec(said)![1]!
  const measured = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()
  await expect.poll(measured).toMatch(/\ncoalmine_ingest_requests_total\{outcome="stored"\} [1-9]/)
  demo.kill(signal)
  expect((await ended)[0]).toBe(exitCode)
  await expect.poll(() => started.filter(isRunning)).toEqual([])
  // Who was killed says nothing; who was stopped says so, and prints neither a verdict nor the trouble of its services.
  if (signal === 'SIGKILL') return
  expect(readdirSync(folder)).toEqual([])
  expect(said).toMatch(/\ncoalmine: .*stopped before .*\n$/)
  expect(said).not.toMatch(/@coalmine|ECONN|Error|^(PASS|FAIL|INCONCLUSIVE|INVALID) /m)
})
