/**
 * What does the page cost? A running comparison of fifty operations over half an hour: how soon it is painted, whether an
 * update of it holds up the browser, how large its script and its report are, and what 200 pages that watch cost the server.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { startBrowser } from '../browser/browser.ts'
import { fiftyOperations, send } from '../browser/traffic.ts'
import type { BenchRow } from './marks.ts'

const root = join(import.meta.dirname, '../..')
const bin = join(root, 'packages/cli/bin/coalmine.js')
const minutes = 30
const rate = 0.2
const watchers = 200

/** Starts a server and a browser of its own; some minutes. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-page-'))
  const serve = spawn(process.execPath, [bin, 'serve', '--store', directory, '--port', '0', '--watermark', '0s'])
  const browser = await startBrowser()
  try {
    const [line] = (await once(createInterface(serve.stdout), 'line')) as [string]
    const url = / on (https?:\/\/[^\s/]+)/.exec(line)![1]!
    const startMs = Math.floor(Date.now() / 60_000) * 60_000 - (minutes + 1) * 60_000
    const traffic = { service: 'shop', rate, operations: fiftyOperations }
    await send(url, { ...traffic, startMs, seconds: minutes * 60 })
    const id = await startComparison(url)
    await judged(url, id)
    const page = await browser.newPage({ locale: 'en-US' })
    const firstSeconds = await firstPaint(page, `${url}/comparisons/${id}`)
    let seed = 9
    const live = async (seconds: number): Promise<void> => {
      for (let at = 0; at < seconds; at += 5) {
        seed += 1
        await send(url, { ...traffic, startMs: Date.now() - 5_000, seconds: 5, seed })
        await sleep(5_000)
      }
    }
    const longestMs = await longestUpdate(page, () => live(25))
    await page.close()
    const { cores, answers } = await costOfWatchers(url, id, serve.pid!, () => live(30))
    const reportBytes = (await report(url, id)).length
    const [script] = globSync('packages/server/page/assets/*.js', { cwd: root })
    const kilobytes = gzipSync(readFileSync(join(root, script!)), { level: 9 }).length / 1000
    const what = `${minutes} min x ${fiftyOperations.length} operations`
    return [
      {
        name: `first paint of the verdict, ${what}`,
        value: `${firstSeconds.toFixed(2)} s`,
        target: '< 1 s',
        ok: firstSeconds < 1,
      },
      {
        name: 'longest task of a live update',
        value: longestMs === 0 ? '< 50 ms' : `${longestMs.toFixed(0)} ms`,
        target: '< 50 ms',
        ok: longestMs < 50,
      },
      { name: 'script, gzip', value: `${kilobytes.toFixed(1)} kB`, target: '< 120 kB', ok: kilobytes < 120 },
      {
        name: `${watchers} pages that watch (${answers} answers), beyond none`,
        value: `${cores.toFixed(2)} cores`,
        target: '< 1 core',
        ok: cores < 1 && answers >= watchers,
      },
      {
        name: `the report in one file, ${what}`,
        value: `${(reportBytes / 1000).toFixed(0)} kB`,
        target: '< 1 MB',
        ok: reportBytes < 1_000_000,
      },
    ]
  } finally {
    await browser.close()
    serve.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

async function startComparison(url: string): Promise<string> {
  const response = await fetch(`${url}/api/comparisons`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service: 'shop',
      stable: 'service.version=1.0.0',
      canary: 'service.version=2.0.0',
      forMs: 86_400_000,
    }),
  })
  return ((await response.json()) as { id: string }).id
}

async function judged(url: string, id: string): Promise<void> {
  for (;;) {
    const { outcome } = (await (await fetch(`${url}/api/comparisons/${id}`)).json()) as { outcome: string | null }
    if (outcome === 'inconclusive' || outcome === 'pass') {
      // The first charts are worked out when somebody looks.
      await (await fetch(`${url}/api/comparisons/${id}/charts`)).text()
      return
    }
    await sleep(500)
  }
}

/** Seconds from the start of the navigation to the verdict on the screen. */
async function firstPaint(page: Page, address: string): Promise<number> {
  const began = performance.now()
  await page.goto(address)
  await page.locator('.verdict').waitFor({ timeout: 60_000 })
  return (performance.now() - began) / 1000
}

/** Milliseconds of the longest task of the page while it is updated; 0 where none takes 50 ms. */
async function longestUpdate(page: Page, update: () => Promise<void>): Promise<number> {
  await page.getByRole('img', { name: /^Evidence over time/ }).waitFor({ timeout: 240_000 })
  await page.evaluate(`
    globalThis.longest = 0
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration)
    }).observe({ type: 'longtask' })`)
  await update()
  return page.evaluate<number>('globalThis.longest')
}

/** Cores that the server takes for pages which follow a comparison, beyond what it takes anyway. */
async function costOfWatchers(
  url: string,
  id: string,
  pid: number,
  meanwhile: () => Promise<void>,
): Promise<{ readonly cores: number; readonly answers: number }> {
  const alone = await coresOf(pid, meanwhile)
  const stop = new AbortController()
  let answers = 0
  const pages = Array.from({ length: watchers }, () => watched(url, id, stop.signal, () => (answers += 1)))
  await sleep(5_000)
  const watchedBy = await coresOf(pid, meanwhile)
  stop.abort()
  await Promise.allSettled(pages)
  return { cores: Math.max(0, watchedBy - alone), answers }
}

/** Does what a page does: follows the events, and asks for the verdict and its charts at each look. */
async function watched(url: string, id: string, signal: AbortSignal, answered: () => void): Promise<void> {
  const response = await fetch(`${url}/api/comparisons/${id}/events`, { signal })
  const decoder = new TextDecoder()
  let last = 0
  for await (const bytes of response.body!) {
    if (!/^event: (look|outcome)/m.test(decoder.decode(bytes, { stream: true })) || Date.now() - last < 4_000) continue
    last = Date.now()
    for (const path of ['', '/charts']) {
      await (await fetch(`${url}/api/comparisons/${id}${path}`, { signal })).arrayBuffer()
      answered()
    }
  }
}

async function coresOf(pid: number, meanwhile: () => Promise<unknown>): Promise<number> {
  const ticksOf = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  const [ticks, began] = [ticksOf(), performance.now()]
  await meanwhile()
  return (ticksOf() - ticks) / 100 / ((performance.now() - began) / 1000)
}

async function report(url: string, id: string): Promise<string> {
  const child = spawn(process.execPath, [bin, 'report', id, '--server', url, '--format', 'html'])
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await once(child, 'close')
  return text
}
