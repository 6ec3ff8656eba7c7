/**
 * What do comparisons cost that run in the server? One service with fifty operations of unequal traffic and two builds on three instances
 * each, and a hundred smaller ones: their spans are in the store, and a clock that the benchmark moves closes them tick by tick while their
 * builds are compared. Costs are CPU times; it all takes under five minutes on two cores.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { usualFlagRules } from '@coalmine/comparator'
import { openStore } from '@coalmine/store'
import { newComparisons } from '../../packages/server/src/comparisons/comparisons.ts'
import { type Context, unmeasured } from '../../packages/server/src/context.ts'
import { noNotify } from '../../packages/server/src/notify/notify.ts'
import { defaultLimits } from '../../packages/server/src/receive/limits.ts'
import { firstStart, generate } from './compare.ts'
import type { BenchRow } from './marks.ts'

const spanCount = 900_000
// Enough to tell how a look grows.
const partlySpans = 180_000
const tickMs = 5_000
// Each of them begins with a look at the whole window, which takes a while: a quarter of what is asked about.
const many = 25
const services = 100
const serviceSpans = 400_000
const mostMinutes = 5
const mostSecondsATick = 120
const startMs = Date.parse(`${firstStart.replace(' ', 'T')}Z`)
const minutes = (count: number): number => startMs + count * 60_000

/** Fills a store, then lets comparisons run in a process of their own. */
export async function run(): Promise<BenchRow[]> {
  const started = performance.now()
  const directories = [await newDirectory(), await newDirectory(), await newDirectory()] as const
  const [directory, partlyDirectory, apartDirectory] = directories
  try {
    await (await openStore({ location: directory })).close()
    await generate(directory, generated, spanCount)
    const { early, late, ofMany, megabytes, eventMs } = await readBy<Reading>('read', directory)
    await (await openStore({ location: partlyDirectory })).close()
    await generate(partlyDirectory, generatedPartly, partlySpans)
    const partly = await readBy<Growth>('growth', partlyDirectory)
    const partlyGrowth = partly.late / partly.early
    await (await openStore({ location: apartDirectory })).close()
    await generate(apartDirectory, generatedServices, serviceSpans)
    const apart = await readBy<ReadingApart>('apart', apartDirectory)
    const growth = late / early
    const share = (ofMany * (100 / many)) / tickMs
    const shareApart = apart.ofMany / tickMs
    const minutesTaken = (performance.now() - started) / 60_000
    return [
      {
        name: `a look at a new tick at minute 30, CPU beside one at minute 2 (${early.toFixed(0)} ms)`,
        value: `${growth.toFixed(2)} x (${late.toFixed(0)} ms)`,
        target: '<= 1.2 x',
        ok: growth <= 1.2,
      },
      {
        name: `the same where a sixth of the canary's requests are of a new operation (${partly.early.toFixed(0)} ms)`,
        value: `${partlyGrowth.toFixed(2)} x (${partly.late.toFixed(0)} ms)`,
        target: '<= 1.2 x',
        ok: partlyGrowth <= 1.2,
      },
      {
        name: `100 comparisons (${many}, times ${100 / many}) in minute 4, a tick every 5 s, closing not counted`,
        value: `${share.toFixed(2)} cores`,
        target: '< 0.5 cores',
        ok: share < 0.5,
      },
      {
        name: 'memory of each of them, of the heap',
        value: `${megabytes.toFixed(2)} MB`,
        target: '< 2 MB',
        ok: megabytes < 2,
      },
      {
        name: `${services} comparisons of as many services, the same`,
        value: `${shareApart.toFixed(2)} cores`,
        target: '< 0.5 cores',
        ok: shareApart < 0.5,
      },
      {
        name: 'memory of each of these, and a minute later',
        value: `${apart.megabytes.toFixed(2)} MB, ${apart.later.toFixed(2)} MB`,
        target: '< 2 MB',
        ok: apart.megabytes < 2 && apart.later < 2,
      },
      {
        name: 'from the closed tick to the event at a follower, median',
        value: `${eventMs.toFixed(0)} ms`,
        target: '< 300 ms',
        ok: eventMs < 300,
      },
      {
        name: 'this benchmark, from its start to its end',
        value: `${minutesTaken.toFixed(1)} min`,
        target: `< ${mostMinutes} min`,
        ok: minutesTaken < mostMinutes,
      },
    ]
  } finally {
    for (const each of directories) await rm(each, { recursive: true, force: true })
  }
}

/** CPU times of a look at minute 2 and at minute 30, in milliseconds. */
interface Growth {
  readonly early: number
  readonly late: number
}

/** CPU times and times in milliseconds. */
interface Reading extends Growth {
  readonly ofMany: number
  readonly megabytes: number
  readonly eventMs: number
}

/** The same of comparisons of a service each, and their memory a minute later. */
interface ReadingApart {
  readonly ofMany: number
  readonly megabytes: number
  readonly later: number
}

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'coalmine-bench-'))

/** What a process of its own reads, whose clock and memory nothing else has touched. */
async function readBy<T>(what: string, directory: string): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', import.meta.filename, what, directory])
  return JSON.parse(stdout) as T
}

/** Comparisons that run on a store, and a clock that is moved tick by tick. */
async function harness(directory: string) {
  let nowMs = startMs
  const now = (): number => nowMs
  const store = await openStore({ location: directory, watermarkMs: 0, now })
  const nowhere = {
    store,
    now,
    limits: defaultLimits,
    warn: console.error,
    metrics: unmeasured,
    notify: noNotify,
    slos: [],
    flagRules: usualFlagRules,
    version: '0.0.0',
  }
  const comparisons = newComparisons(nowhere as unknown as Context, 600_000)
  const waited: number[] = []

  const start = async (count: number, serviceOf = (_: number) => 'storefront'): Promise<string[]> => {
    const ids: string[] = []
    while (ids.length < count) {
      const key = `${count} ${ids.length}`
      const { state } = await comparisons.start({ ...builds, service: serviceOf(ids.length), key, forMs: 7_200_000 })
      ids.push(state.id)
    }
    return ids
  }
  const heapMegabytes = (): number => {
    globalThis.gc!()
    return process.memoryUsage().heapUsed / 1e6
  }
  const hasSeen = (id: string): boolean => {
    const { state, why, reason, progress } = comparisons.get(id)
    // Nothing happens to it any more.
    if (state === 'ended') throw new Error(`${id} ended (${why}): ${reason}`)
    return progress?.seconds === (nowMs - startMs) / 1000
  }
  /** Closes the ticks until then, and gives the CPU time of the looks at them. */
  const closed = async (untilMs: number, ids: readonly string[]): Promise<number> => {
    nowMs = untilMs
    await store.ingest.closeDue()
    const [before, at] = [process.cpuUsage(), performance.now()]
    comparisons.ticksClosed()
    const patience = AbortSignal.timeout(mostSecondsATick * 1000)
    for (const id of ids) {
      while (!hasSeen(id)) {
        await comparisons.changed(id, patience)
        // The clock stands still meanwhile: a look that is put off until the window has grown never comes.
        if (patience.aborted) throw new Error(`${id} did not look at a tick in ${mostSecondsATick} s`)
      }
      if (id === ids[0]) waited.push(performance.now() - at)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const ticks = async (count: number, ids: readonly string[]): Promise<readonly number[]> => {
    const costs: number[] = []
    while (costs.length < count) costs.push(await closed(nowMs + tickMs, ids))
    return costs
  }

  const close = async (): Promise<void> => {
    comparisons.close()
    await store.close()
  }
  return { start, stop: comparisons.stop, closed, ticks, heapMegabytes, waited, now, close }
}

async function read(directory: string): Promise<Reading> {
  const { start, stop, closed, ticks, heapMegabytes, waited, now, close } = await harness(directory)
  await closed(minutes(2), [])
  const [one] = await start(1)
  await closed(now() + tickMs, [one!])
  const early = await ticks(10, [one!])
  const ofOne = waited.slice()
  await closed(minutes(3.5), [one!])
  const before = heapMegabytes()
  const all = [one!, ...(await start(many))]
  await ticks(3, all)
  const megabytes = (heapMegabytes() - before) / many
  const ofMany = mean(await ticks(6, all))
  for (const id of all.slice(1)) await stop(id)
  await closed(minutes(29), [one!])
  const late = await ticks(10, [one!])
  await close()
  return { early: median(early), late: median(late), ofMany, megabytes, eventMs: median(ofOne) }
}

async function readGrowth(directory: string): Promise<Growth> {
  const { start, closed, ticks, now, close } = await harness(directory)
  await closed(minutes(2), [])
  const [one] = await start(1)
  await closed(now() + tickMs, [one!])
  const early = await ticks(10, [one!])
  await closed(minutes(29), [one!])
  const late = await ticks(10, [one!])
  await close()
  return { early: median(early), late: median(late) }
}

async function readApart(directory: string): Promise<ReadingApart> {
  const { start, closed, ticks, heapMegabytes, close } = await harness(directory)
  await closed(minutes(3), [])
  const before = heapMegabytes()
  const eachOf = await start(services, (at) => `service-${at}`)
  await ticks(3, eachOf)
  const megabytes = (heapMegabytes() - before) / services
  const ofMany = mean(await ticks(6, eachOf))
  await ticks(6, eachOf)
  const later = (heapMegabytes() - before) / services
  await close()
  return { ofMany, megabytes, later }
}

const builds = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

const item = `concat('/items/', toString(toUInt32(50 * pow((sipHash64(number) % 10007) / 10007, 3))))`
const generatedWith = (route: string): string => `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode
  )
  SELECT
    addNanoseconds(toDateTime64({start:String}, 9, 'UTC'), number * {step:UInt64}),
    lower(hex(MD5(toString(number)))),
    lower(hex(sipHash64(number))),
    'GET',
    'Server',
    'storefront',
    map('service.version', Version, 'service.instance.id', concat('storefront-', toString(number % 6))),
    map('http.request.method', 'GET',
      'http.route', ${route},
      'http.response.status_code', if(number % 200 = 0, '500', '200')),
    toUInt64(2e7 * exp(sqrt(-2 * log((sipHash64(number, 1) % 1000003 + 1) / 1000004)) * cos(number) * 0.5)),
    if(number % 300 = 0, 'Error', 'Unset')
  FROM (SELECT number, if(number % 6 < 3, '1.0.0', '2.0.0') AS Version FROM numbers({spans:UInt64}))`

const generated = generatedWith(item)
/** The same, but the canary alone serves one of the operations. */
const generatedPartly = generatedWith(`if(number % 12 = 3, '/new', ${item})`)

/** Services that serve for five minutes. */
const generatedServices = `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode
  )
  SELECT
    addNanoseconds(toDateTime64({start:String}, 9, 'UTC'), intDiv(number * {step:UInt64}, 6)),
    lower(hex(MD5(toString(number)))),
    lower(hex(sipHash64(number, 2))),
    'GET',
    'Server',
    concat('service-', toString(number % ${services})),
    map('service.version', Version, 'service.instance.id', concat('i', toString(Nth % 6))),
    map('http.request.method', 'GET',
      'http.route', concat('/items/', toString(toUInt32(50 * pow((sipHash64(number) % 10007) / 10007, 3)))),
      'http.response.status_code', if(number % 200 = 0, '500', '200')),
    toUInt64(2e7 * exp(sqrt(-2 * log((sipHash64(number, 1) % 1000003 + 1) / 1000004)) * cos(number) * 0.5)),
    if(number % 300 = 0, 'Error', 'Unset')
  FROM (
    SELECT number, intDiv(number, ${services}) AS Nth, if(Nth % 6 < 3, '1.0.0', '2.0.0') AS Version
    FROM numbers({spans:UInt64})
  )`

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

if (import.meta.main) {
  const [what, directory] = process.argv.slice(2)
  if (what === 'read') console.log(JSON.stringify(await read(directory!)))
  else if (what === 'growth') console.log(JSON.stringify(await readGrowth(directory!)))
  else if (what === 'apart') console.log(JSON.stringify(await readApart(directory!)))
  else console.table(await run())
}
