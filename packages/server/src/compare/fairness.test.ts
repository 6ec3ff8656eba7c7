import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reason, ReasonCode, Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomOf } from '../../../comparator/test/slices.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-fairness-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, warn: () => {} })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const tickMs = 5000
const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000

type Attributes = Readonly<Record<string, string>>

interface Spans {
  readonly service?: string
  readonly resource?: Attributes
  readonly scope?: string
  readonly attributes?: Attributes
  readonly traceState?: string
  readonly failed?: boolean
  readonly slower?: number
  readonly route?: string
  /** Spans of the same service below the request's. */
  readonly children?: number
  /** A call of another service above it, which starts so much earlier. */
  readonly calledMsBefore?: number
  /** Of the request; of an HTTP server unless given. */
  readonly kind?: number
  /** The address of that call, and whether the service never answered it. */
  readonly address?: string
  readonly lost?: boolean
}

/** Who serves: so many requests a tick, and what each of them is like. */
interface Served {
  readonly version: string
  readonly instance?: string
  readonly perTick?: number
  readonly from?: number
  readonly to?: number
  readonly each?: (index: number, tick: number) => Spans
}

/** Spans of a trace that one process made. */
interface Sent {
  readonly resource: Attributes
  readonly scope: string
  readonly spans: readonly unknown[]
}

const ticks = 48

/** Sends real spans of a service, and gives its name. */
async function traffic(...cohorts: readonly Served[]): Promise<string> {
  const service = `shop-${randomBytes(4).toString('hex')}`
  const random = randomOf(7)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const sent: Sent[] = []
  for (const { version, instance = version, perTick = 40, from = 0, to = ticks, each = () => ({}) } of cohorts)
    for (let tick = from; tick < to; tick++)
      for (let index = 0; index < perTick; index++) {
        const one: Spans = each(index, tick)
        const at = startMs + tick * tickMs + ((index + 0.5) * tickMs) / perTick
        const ms = 20 * Math.exp(0.3 * normal()) * (one.slower ?? 1)
        const traceId = hex(16)
        const [spanId, callId] = [hex(8), hex(8)]
        const span = (name: string, kind: number, id: string, parent: string, shiftMs: number): unknown => ({
          traceId,
          spanId: id,
          parentSpanId: parent,
          traceState: one.traceState ?? '',
          name,
          kind: id === spanId ? (one.kind ?? kind) : kind,
          startTimeUnixNano: nanos(at + shiftMs),
          endTimeUnixNano: nanos(at + shiftMs + ms),
          status: one.failed ? { code: 2 } : {},
          attributes: attributesOf({
            ...(kind === 2 ? { 'http.route': one.route ?? '/cart', ...one.attributes } : {}),
            ...(id === callId && one.address ? { 'server.address': one.address, 'server.port': '8080' } : {}),
          }),
        })
        const called = one.calledMsBefore !== undefined
        const spans = [
          span('GET', 2, spanId, called ? callId : '', 0),
          ...Array.from({ length: one.children ?? 0 }, () => span('SELECT', 3, hex(8), spanId, 1)),
        ]
        const resource = { 'service.version': version, 'service.instance.id': instance, ...one.resource }
        if (!one.lost)
          sent.push({ resource: { 'service.name': service, ...resource }, scope: one.scope ?? 'http', spans })
        if (called) {
          const call = span('GET', 3, callId, '', -one.calledMsBefore!)
          sent.push({ resource: { 'service.name': `caller-of-${service}` }, scope: 'http', spans: [call] })
        }
      }
  const lines: string[] = []
  for (let at = 0; at < sent.length; at += 1000)
    lines.push(JSON.stringify({ resourceSpans: resourceSpansOf(sent.slice(at, at + 1000)) }))
  const response = await fetch(`${server.url}/api/import`, {
    method: 'POST',
    body: lines.join('\n'),
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect(await response.json()).toMatchObject({ refusedCount: 0 })
  return service
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)
const attributesOf = (attributes: Attributes): unknown[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }))
/** As an exporter sends them: a resource once, with all of its spans. */
function resourceSpansOf(sent: readonly Sent[]): unknown[] {
  const groups = new Map<string, Sent & { readonly spans: unknown[] }>()
  for (const { resource, scope, spans } of sent) {
    const key = JSON.stringify([resource, scope])
    const group = groups.get(key) ?? { resource, scope, spans: [] }
    groups.set(key, group)
    group.spans.push(...spans)
  }
  return [...groups.values()].map(({ resource, scope, spans }) => ({
    resource: { attributes: attributesOf(resource) },
    scopeSpans: [{ scope: { name: scope }, spans }],
  }))
}

// Wide margins, so that a fair comparison of four minutes can pass.
const metrics = { latency: { margin: '50%' }, errors: { margin: '3,3pp' }, 'client-errors': false }

async function compare(service: string, more: Record<string, unknown> = {}): Promise<Verdict> {
  const response = await fetch(`${server.url}/api/compare`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service,
      stable: 'service.version=1.0.0',
      canary: 'service.version=2.0.0',
      policy: { metrics },
      ...more,
    }),
  })
  const verdict = (await response.json()) as Verdict
  expect(response.status, JSON.stringify(verdict)).toBe(200)
  return verdict
}

const codes = ({ reasons }: Verdict): ReasonCode[] => reasons.map(({ code }) => code)
const reason = ({ reasons }: Verdict, code: ReasonCode): Reason | undefined => reasons.find((one) => one.code === code)

const stable: Served = { version: '1.0.0' }
const canary: Served = { version: '2.0.0' }
const fleet = (version: string, more: Partial<Served> = {}): Served[] =>
  ['a', 'b', 'c'].map((name) => ({ version, instance: `${version}-${name}`, perTick: 14, ...more }))

it('says of a fair comparison only that it is sampled, and passes it', async () => {
  const each = (index: number): Spans => ({
    children: 2,
    traceState: 'ot=th:c',
    calledMsBefore: 1,
    route: index % 4 === 0 ? '/pay' : '/cart',
  })
  const verdict = await compare(await traffic(...fleet('1.0.0', { each }), ...fleet('2.0.0', { each })))
  expect(codes(verdict)).toEqual(['within-margin', 'sampled'])
  expect(verdict.coverage).toEqual({ minutes: 4, windowMinutes: 4, minutesOfHour: 4, operationsShare: 1, unserved: [] })
})

it('is invalid where the canary is the build that served all along', async () => {
  const service = await traffic(
    { ...canary, from: -150, perTick: 10 },
    { ...stable, perTick: 4 },
    { ...canary, to: ticks },
  )
  const swapped = await compare(service)
  expect(swapped.verdict).toBe('invalid')
  expect(codes(swapped)).toContain('swapped')
  expect(swapped.reasons[0]!.message).toMatch(
    /had served for 1[23] min( \d+ s)? before stable .* Make the older build stable\.$/,
  )
  const right = await compare(service, { stable: 'service.version=2.0.0', canary: 'service.version=1.0.0' })
  expect(codes(right)).not.toContain('swapped')
})

it('does not pass where much of the service says no build', async () => {
  const bare: Served = { version: '', instance: 'old', perTick: 20 }
  const many = await compare(await traffic(stable, canary, bare))
  expect(many.verdict).toBe('inconclusive')
  expect(reason(many, 'unmarked-requests')).toMatchObject({ weight: 'blocks' })
  const few = await compare(await traffic(stable, canary, { ...bare, perTick: 2 }))
  expect(few.verdict).toBe('pass')
  expect(reason(few, 'unmarked-requests')).toMatchObject({ weight: 'note' })
})

it('does not pass cohorts that are sampled differently', async () => {
  const verdict = await compare(
    await traffic(
      { ...stable, each: () => ({ traceState: 'vendor=1,ot=th:e668' }) },
      { ...canary, each: () => ({ traceState: 'ot=rv:0123456789abcd;th:8' }) },
    ),
  )
  expect(verdict.verdict).toBe('inconclusive')
  expect(reason(verdict, 'sampling-differs')).toMatchObject({ weight: 'blocks' })
  expect(reason(verdict, 'sampling-differs')!.message).toContain('(stable: 10 % kept; canary: 50 % kept)')
})

it('notes that failed requests are kept more often than others', async () => {
  const each = (index: number): Spans =>
    index % 10 === 0 ? { failed: true, traceState: 'ot=th:0' } : { traceState: 'ot=th:f' }
  const verdict = await compare(await traffic({ ...stable, each }, { ...canary, each }))
  expect(reason(verdict, 'tail-sampled')).toMatchObject({ weight: 'note' })
  expect(codes(verdict)).not.toContain('sampling-differs')
})

it('does not pass where one arm has no spans below its requests, or other instrumentation makes them', async () => {
  const bare = await compare(await traffic({ ...stable, each: () => ({ children: 3 }) }, canary))
  expect(bare.verdict).toBe('inconclusive')
  expect(reason(bare, 'instrumentation-differs')!.message).toContain(
    'canary has no spans below its requests, and stable does',
  )
  const other = await compare(await traffic(stable, { ...canary, each: () => ({ scope: 'sidecar' }) }))
  expect(reason(other, 'instrumentation-differs')!.message).toContain('by sidecar in canary and by http in stable')
})

it('does not pass a flag whose users were chosen, unless it is told that they were drawn', async () => {
  const variant = (name: string): Spans => ({
    attributes: { 'coalmine.flag.prices': name, 'coalmine.flags.targeted': 'banner;prices' },
  })
  const service = await traffic(
    { ...stable, each: () => variant('off') },
    { ...stable, instance: 'other', each: () => variant('on') },
  )
  const flag = { stable: 'flag:prices=off', canary: 'flag:prices=on' }
  const chosen = await compare(service, flag)
  expect(chosen.verdict).toBe('inconclusive')
  expect(reason(chosen, 'not-randomised')).toMatchObject({ weight: 'blocks' })
  expect(await compare(service, { ...flag, policy: { metrics, randomised: true } })).toMatchObject({ verdict: 'pass' })
})

it('notes clocks that differ, and spans of the future', async () => {
  const before = { each: (): Spans => ({ calledMsBefore: -800 }) }
  const verdict = await compare(
    await traffic({ ...stable, each: () => ({ calledMsBefore: 2 }) }, { ...canary, ...before }),
  )
  expect(reason(verdict, 'clock-skew')!.message).toMatch(
    /^Clocks differ: canary's requests start 800 ms before the calls that made them\./,
  )
})

it('is invalid where the clock of one cohort is off by minutes, as callers tell', async () => {
  const ahead = { each: (): Spans => ({ calledMsBefore: 240_000 }) }
  const verdict = await compare(
    await traffic({ ...stable, each: () => ({ calledMsBefore: 2 }) }, { ...canary, ...ahead }),
  )
  expect(verdict.verdict).toBe('invalid')
  expect(reason(verdict, 'clock-skew')!.message).toMatch(
    /^The clock of canary is 4 min ahead, according to its callers/,
  )
})

it('is invalid where the clock of one cohort was off in the first minutes, and says from when on it is right', async () => {
  const ahead = { each: (_: number, tick: number): Spans => ({ calledMsBefore: tick < 20 ? 120_000 : 2 }) }
  const verdict = await compare(
    await traffic({ ...stable, each: () => ({ calledMsBefore: 2 }) }, { ...canary, ...ahead }),
  )
  expect(verdict.verdict).toBe('invalid')
  expect(reason(verdict, 'clock-skew')!.message).toMatch(
    /^The clock of canary was 2 min ahead at .* Judge only what came after: --start 20\d\d-/,
  )
})

it('notes that the cohorts are asked for different things', async () => {
  const routes = (every: number) => ({
    each: (index: number): Spans => ({ route: index % every === 0 ? '/pay' : '/cart' }),
  })
  const verdict = await compare(await traffic({ ...stable, ...routes(2) }, { ...canary, ...routes(8) }))
  expect(reason(verdict, 'mix-differs')).toMatchObject({ weight: 'note' })
  expect(reason(verdict, 'mix-differs')!.message).toMatch(
    /is (12\.5|87\.5) % of the canary's requests and 50 % of stable's/,
  )
})

it('does not pass a canary whose instances keep restarting', async () => {
  const lives = [0, 8, 16, 24, 32, 40].map((from) => ({ ...canary, instance: `canary-${from}`, from, to: from + 8 }))
  const verdict = await compare(await traffic(...fleet('1.0.0'), ...fleet('1.0.0', { from: -60, to: 0 }), ...lives))
  expect(verdict.verdict).toBe('inconclusive')
  expect(reason(verdict, 'instances-restart')).toMatchObject({ weight: 'blocks' })
  expect(reason(verdict, 'instances-restart')!.message).toMatch(
    /^4 canary instances disappeared and were replaced \(stable: 0\), after about 40 s each/,
  )
})

it('does not fail a canary for its first minute, and says how much of it was left out', async () => {
  const cold = (_index: number, tick: number): Spans => ({ slower: tick < 24 + 12 ? 6 : 1 })
  const service = await traffic(...fleet('1.0.0'), { ...canary, from: 24, each: cold })
  const verdict = await compare(service)
  expect(verdict.verdict).not.toBe('fail')
  expect(reason(verdict, 'warm-up-left-out')!.message).toMatch(
    /^(47[5-9]|480) requests .* \(stable 0, canary (47[5-9]|480)\); their errors count\.$/,
  )
  const judged = await compare(service, { policy: { warmUp: '0s', metrics } })
  expect(judged.verdict).toBe('fail')
})

it('fails on errors of the first minute', async () => {
  const failing = (index: number, tick: number): Spans => ({ failed: tick < 36 && index % 3 === 0 })
  const verdict = await compare(await traffic(...fleet('1.0.0'), { ...canary, from: 24, each: failing }))
  expect(verdict.verdict).toBe('fail')
})

it('fails a canary that leaves calls unanswered, by the spans of its callers', async () => {
  const called = (address: string, lostEvery: number) => ({
    each: (index: number): Spans => ({ calledMsBefore: 2, address, lost: index % lostEvery === 1 }),
  })
  const service = await traffic({ ...stable, ...called('red', 1000) }, { ...canary, ...called('amber', 4) })
  const verdict = await compare(service)
  expect(verdict.verdict).toBe('fail')
  const finding = verdict.findings.find(({ metric }) => metric === 'lost-requests')!
  expect(finding).toMatchObject({ scope: 'service', decision: 'fail', statistic: 'share of calls' })
  expect(finding.canary).toMatchObject({ count: 1920, events: 480 })
  expect(finding.message).toMatch(/is losing canary requests: unanswered calls 2.5 % -> 25 %/)
})

it('asks nothing of calls to an address that the cohorts share, and passes where all are answered', async () => {
  const called = (address: string) => ({ each: (): Spans => ({ calledMsBefore: 2, address }) })
  const shared = await compare(await traffic({ ...stable, ...called('shop') }, { ...canary, ...called('shop') }))
  expect(shared.findings.map(({ metric }) => metric)).not.toContain('lost-requests')
  const apart = await compare(await traffic({ ...stable, ...called('blue') }, { ...canary, ...called('green') }))
  expect(apart.findings.find(({ metric }) => metric === 'lost-requests')).toMatchObject({ decision: 'pass' })
  expect(apart.verdict).toBe('pass')
})

it('tells hosts that differ from builds that do, by the instances of stable', async () => {
  const hosts = [1, 1.5, 0.7, 1.3].map((slower, index) => ({
    ...stable,
    instance: `host-${index}`,
    each: () => ({ slower }),
  }))
  const verdict = await compare(await traffic(...hosts, { ...canary, each: () => ({ slower: 1.7 }) }), {
    policy: { metrics: { ...metrics, latency: { margin: '10%' } } },
  })
  expect(verdict.verdict).not.toBe('fail')
  expect(verdict.hosts).toMatchObject({ stable: 4, canary: 1 })
  expect(verdict.hosts!.placebo!.map(({ instance }) => instance)).toContain('host-1')
  expect(reason(verdict, 'host-not-separable')!.message).toMatch(/^Stable's 4 instances run the same build, yet/)
})

it('knows what hosts may do where builds are compared in one region alone', async () => {
  const each = (): Spans => ({ attributes: { 'cloud.region': 'eu' } })
  const service = await traffic({ ...stable, each }, { ...canary, each }, { ...canary, instance: 'us', perTick: 5 })
  const verdict = await compare(service, {
    stable: 'service.version=1.0.0,cloud.region=eu',
    canary: 'service.version=2.0.0,cloud.region=eu',
  })
  expect(verdict.source).toBe('spans')
  expect(verdict.hosts).toMatchObject({ stable: 1, canary: 1, allowed: { latency: expect.closeTo(1.149, 3) } })
})

it('names the one canary instance that is out of line with the others', async () => {
  const odd = { ...canary, instance: 'odd', perTick: 14, each: () => ({ slower: 4 }) }
  const verdict = await compare(await traffic(...fleet('1.0.0'), ...fleet('2.0.0'), odd))
  expect(verdict.hosts!.outOfLine.map(({ instance }) => instance)).toEqual(['odd'])
  expect(reason(verdict, 'one-instance')!.message).toMatch(/^Canary instance odd is out of line/)
})

it('tells what stable serves and the canary never met', async () => {
  const verdict = await compare(
    await traffic({ ...stable, each: (index) => ({ route: index % 20 === 0 ? '/admin' : '/cart' }) }, canary),
  )
  expect(verdict.coverage).toMatchObject({ operationsShare: 0.95, unserved: [{ operation: '/admin', share: 0.05 }] })
})

it('still fails a proved harm, however unfair the comparison', async () => {
  const verdict = await compare(
    await traffic(stable, { ...canary, each: () => ({ slower: 3, traceState: 'ot=th:8', scope: 'other' }) }),
  )
  expect(verdict.verdict).toBe('fail')
  expect(codes(verdict)).toEqual(expect.arrayContaining(['sampling-differs', 'instrumentation-differs']))
})

it('does not fail a canary of which one instance of three starves for a while: what each did in each tick is read', async () => {
  const slow = (name: string) => (_: number, tick: number) => (name === 'b' && tick < 8 ? { slower: 8 } : {})
  const some = ['a', 'b', 'c'].map((name) => ({
    ...canary,
    instance: `2.0.0-${name}`,
    perTick: 40,
    each: slow(name),
  }))
  const one = await compare(await traffic(...fleet('1.0.0', { perTick: 40 }), ...some))
  expect(one.verdict).not.toBe('fail')
  const all = some.map((served) => ({ ...served, each: () => ({ slower: 2 }) }))
  const build = await compare(await traffic(...fleet('1.0.0', { perTick: 40 }), ...all))
  expect(build).toMatchObject({ verdict: 'fail', proves: 'build' })
})

it('compares the variants of a flag within the instances that serve both', async () => {
  const flag = { stable: 'flag:prices=off', canary: 'flag:prices=on' }
  const served = (instance: string, every: number, slower: number, flagged: number): Served => ({
    ...stable,
    instance,
    each: (index) => {
      const on = index % every === 0
      return { slower: on ? slower * flagged : slower, attributes: { 'coalmine.flag.prices': on ? 'on' : 'off' } }
    },
  })
  const fleetOf = (slow: number, flagged: number): Promise<string> =>
    traffic(served('slow', 3, slow, flagged), ...['a', 'b', 'c'].map((name) => served(name, 16, 1, flagged)))
  const latencyAlone = { policy: { metrics: { latency: {}, errors: false, 'client-errors': false } } }
  const uneven = await compare(await fleetOf(3, 1), { ...flag, ...latencyAlone })
  expect(uneven.verdict).not.toBe('fail')
  expect(reason(uneven, 'uneven-instances')!.message).toMatch(/latency is worse in the canary over all instances/)
  const harmful = await compare(await fleetOf(3, 2), { ...flag, ...latencyAlone })
  expect(harmful.verdict).toBe('fail')
})

it('does not fail a canary whose failures are one user’s, where spans name users', async () => {
  const users = (attributes: boolean) => (index: number) => {
    const broken = index % 8 === 0
    return {
      failed: broken,
      ...(attributes ? { attributes: { 'user.id': broken ? 'broken' : `user-${index}` } } : {}),
    }
  }
  const before: Served = { ...stable, perTick: 60, each: (index) => ({ attributes: { 'user.id': `user-${index}` } }) }
  const named = await compare(await traffic(before, { ...canary, perTick: 60, each: users(true) }))
  expect(named.verdict).not.toBe('fail')
  expect(reason(named, 'few-users')!.message).toMatch(/users? accounts? for most of the harm in the error rate/)
  const unnamed = await compare(
    await traffic({ ...stable, perTick: 60 }, { ...canary, perTick: 60, each: users(false) }),
  )
  expect(unnamed).toMatchObject({ verdict: 'fail', proves: 'instance' })
})

it('finds the callers where the window ends with a few stragglers', async () => {
  const called = (address: string, lostEvery: number) => ({
    each: (index: number): Spans => ({ calledMsBefore: 2, address, lost: index % lostEvery === 1 }),
  })
  const [red, amber] = [called('pink', 1000), called('violet', 4)]
  const last = { from: ticks, to: ticks + 1, perTick: 1 }
  const service = await traffic(
    { ...stable, ...red },
    { ...canary, ...amber },
    { ...stable, ...red, ...last },
    { ...canary, ...amber, ...last },
  )
  expect(await compare(service)).toMatchObject({ verdict: 'fail' })
})

it('a queue in which messages of the canary wait longer is no clock that is wrong', async () => {
  const consumer = 5
  const waiting = (calledMsBefore: number) => ({ each: (): Spans => ({ calledMsBefore, kind: consumer }) })
  const verdict = await compare(await traffic({ ...stable, ...waiting(200) }, { ...canary, ...waiting(30_000) }))
  expect(verdict.verdict).not.toBe('invalid')
  expect(codes(verdict)).not.toContain('clock-skew')
})

it('does not pass a canary that redirects, or whose spans end when they start', async () => {
  const redirecting = (index: number): Spans => ({
    attributes: { 'http.response.status_code': index % 2 === 0 ? '302' : '200' },
  })
  const redirected = await compare(await traffic(stable, { ...canary, each: redirecting }))
  expect(redirected.verdict).toBe('inconclusive')
  expect(reason(redirected, 'answers-differ')!.message).toContain(
    'The canary answers 50 % of its requests with redirects',
  )
  const timeless = (index: number): Spans => ({ slower: index % 4 === 0 ? 0 : 1 })
  const unmeasured = await compare(await traffic(stable, { ...canary, each: timeless }))
  expect(reason(unmeasured, 'durations-missing')!.message).toMatch(/^25 % of the canary's requests and 0 % of stable's/)
})

it('calls cohorts alike sampled whose failures are kept more often, though the canary fails more', async () => {
  const failing = (every: number) => ({
    each: (index: number): Spans =>
      index % every === 0 ? { failed: true, traceState: 'ot=th:0' } : { traceState: 'ot=th:f' },
  })
  const verdict = await compare(await traffic({ ...stable, ...failing(10) }, { ...canary, ...failing(2) }))
  expect(verdict.verdict).toBe('fail')
  expect(codes(verdict)).not.toContain('sampling-differs')
})

it('finds errors of instances that each serve one request', async () => {
  const failing = (every: number) => ({
    each: (index: number): Spans => ({ failed: index % every === 0, resource: { 'service.instance.id': hex(8) } }),
  })
  const verdict = await compare(await traffic({ ...stable, ...failing(40) }, { ...canary, ...failing(4) }))
  expect(verdict.verdict).toBe('fail')
  expect(reason(verdict, 'assumes-independence')!.message).toContain(
    'each instance serves hardly more than one request',
  )
  expect(codes(verdict)).not.toContain('warm-up-left-out')
})
