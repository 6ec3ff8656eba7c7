import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Look, Verdict } from '@coalmine/comparator'
import { progressLine, verdictText } from '@coalmine/report'
import { type Command, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import type { Server } from '../client.ts'
import { CommandError } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { progressTo } from '../progress.ts'
import { followComparison, startComparison } from '../running.ts'

interface DemoOptions {
  readonly effect: number
  readonly seed: number
  readonly rate: number
  readonly acts: number
  readonly open?: boolean
  readonly keep?: boolean
}

type Demo = typeof import('@coalmine/demo')

interface Act {
  readonly title: string
  readonly canary: string
  readonly effect: number
  readonly seed: number
  readonly forMs: number
}

const stable = '1.0.0'
const testShare = 0.05
// The services, the load and the engine share this machine, so contention can make two equal processes differ for a while.
const metrics = { latency: { margin: '25%,5ms' }, 'lost-requests': { margin: '10%' } }
// The demo's services live for two minutes. The window already skips their first seconds, so the policy skips no more.
const warmUpMs = 3000

/** `coalmine demo`: two versions of a shop, one of them slow, and the verdict on them. */
export function demoCommand(command: Command, io: Io): Command {
  return command
    .addOption(
      new Option('--effect <share>', 'how much slower the bad canary is: 0.6 is 60 %')
        .argParser(number(0, 10))
        .default(0.6),
    )
    .addOption(new Option('--seed <number>', 'the seed of the traffic').argParser(number(0, 2 ** 31)).default(1))
    .addOption(new Option('--rate <requests>', 'requests a second').argParser(number(10, 2000)).default(250))
    .addOption(
      new Option('--acts <number>', '1 for the bad canary only, 2 for both')
        .choices(['1', '2'])
        .default('2')
        .argParser(Number),
    )
    .option('--open', 'open the page of each comparison in a browser')
    .option('--keep', 'keep the page up after both are judged, until Ctrl-C')
    .action(async ({ effect, seed, rate, acts: wanted, open = false, keep = false }: DemoOptions) => {
      const demo = await import('@coalmine/demo').catch((): Demo => {
        throw new CommandError('unavailable', "the demo's services are not installed: npm i @coalmine/demo")
      })
      const store = await mkdtemp(join(tmpdir(), 'coalmine-demo-'))
      const serve = startServe(store, io.env)
      try {
        const server = { url: await urlOf(serve) }
        say(io, `A storefront (Express) calls an inventory (Fastify); both send their spans to ${server.url}.`)
        say(io, `${rate} requests a second, half to each build, ${testShare * 100} % of them test traffic.`)
        say(io, `Up to 25 % or 5 ms slower is accepted here, because everything shares one machine.`)
        const acts: Act[] = [
          { title: 'Act one: 2.0.0 has new prices behind a flag', canary: '2.0.0', effect, seed, forMs: 60_000 },
          {
            title: 'Act two: 2.0.1, the same with the prices fixed',
            canary: '2.0.1',
            effect: 0,
            seed: seed + 1,
            forMs: 115_000,
          },
        ]
        for (const act of acts.slice(0, wanted)) await play(demo, act, rate, server, open, io)
        if (keep) {
          say(
            io,
            `Everything above was judged from spans of this run. The page stays up at ${server.url} until Ctrl-C.`,
          )
          await untilStopped(io.stop)
        } else say(io, 'Everything above was judged from spans of this run. Nothing is left running.')
      } finally {
        await ended(serve)
        await rm(store, { recursive: true, force: true })
      }
    })
}

async function play(demo: Demo, act: Act, rate: number, server: Server, open: boolean, io: Io): Promise<void> {
  say(io, `\n${pc.createColors(io.colors).bold(act.title)}`)
  const { effect, seed, canary } = act
  const services = await demo.startDemoServices({ otlpUrl: server.url, effect, seed, versions: { stable, canary } })
  const stop = new AbortController()
  const targets = [services.stableUrl, services.canaryUrl].map((url) => ({ url, share: 0.5 }))
  const load = demo.startLoad({ targets, ratePerSecond: rate, testShare, seed, signal: stop.signal })
  const progress = progressTo(io.stderr, 5000)
  try {
    const started = performance.now()
    const request = {
      service: 'storefront',
      stable: `service.version=${stable}`,
      canary: `service.version=${canary}`,
      window: { start: new Date(Date.now() + warmUpMs).toISOString() },
      policy: { split: 0.5, warmUp: 0, metrics },
    }
    const limits = { forMs: act.forMs, waitMs: 120_000, earlyPass: true, labels: { change: act.title } }
    const { id, url } = await startComparison(server, { ...request, ...limits }, io.stop)
    say(io, `Go here: ${url}`)
    if (open) openInBrowser(url)
    const verdict = await followComparison(server, id, io.stop, (look) => progress.show(`  ${lineOf(look)}`))
    if (io.stop.aborted) throw new CommandError('interrupted', 'the demo was stopped before its verdict')
    const seconds = Math.round((performance.now() - started) / 1000)
    stop.abort()
    await load.done
    progress.clear()
    io.stdout.write(`\n${verdictText(verdict, { colors: io.colors })}\n`)
    say(io, conclusion(verdict, seconds, load.counts))
  } finally {
    stop.abort()
    progress.clear()
    await load.done
    await services.stop()
  }
}

function conclusion({ verdict, cohorts }: Verdict, seconds: number, counts: { readonly test: number }): string {
  const apart = cohorts.stable.testRequests + cohorts.canary.testRequests
  return (
    `${verdict.toUpperCase()} ${seconds} s after the first request. Of ${counts.test} test requests sent, ` +
    `${apart} had arrived by then and were kept apart from both cohorts.`
  )
}

const lineOf = ({ progress }: Look): string => (progress ? progressLine(progress) : 'waiting for spans of both cohorts')

/** Asks the desktop to open a page. Does nothing without a desktop. */
function openInBrowser(url: string): void {
  const [command, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? [
    'xdg-open',
  ]
  const opener = spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
  opener.on('error', () => undefined)
  opener.unref()
}

async function untilStopped(stop: AbortSignal): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort')
}

function startServe(store: string, environment: Io['env']): ChildProcess {
  const bin = fileURLToPath(new URL('../../bin/coalmine.js', import.meta.url))
  const args = ['serve', '--store', store, '--port', '0', '--watermark', '2s']
  const { COALMINE_CONFIG: _, ...env } = environment
  return spawn(process.execPath, [bin, ...args], {
    // Not the current folder, whose coalmine.yaml could send notifications about the demo.
    cwd: store,
    env,
    // The IPC channel tells it when the demo has ended. Ctrl-C reaches only the demo, which stops this process last.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
}

async function urlOf(serve: ChildProcess): Promise<string> {
  const lines = createInterface(serve.stdout!)
  const [line] = (await Promise.race([once(lines, 'line'), once(serve, 'exit').then(() => [''])])) as [string]
  const url = /http:\/\/[^\s/]+/.exec(line)?.[0]
  if (!url) throw new CommandError('unavailable', 'coalmine serve did not start; its own message is above')
  return url
}

async function ended(serve: ChildProcess): Promise<void> {
  if (serve.exitCode !== null || serve.signalCode !== null) return
  const exit = once(serve, 'exit')
  serve.kill('SIGTERM')
  const forced = setTimeout(() => serve.kill('SIGKILL'), 10_000)
  await exit
  clearTimeout(forced)
}

function say(io: Io, line: string): void {
  io.stdout.write(`${line}\n`)
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`)
    return value
  }
}
