// What a look at a running comparison reads: new ticks alone where it can, and the whole window no more often than its length allows.
import { usualFlagRules } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { type OwnService, oneStore } from '../../../store/test/one-store.ts'
import { batchOf, firstStart } from '../../../store/test/spans.ts'
import { judgedNow } from '../compare/compare.ts'
import { parseRequest } from '../compare/request.ts'
import { type Context, unmeasured } from '../context.ts'
import { noNotify } from '../notify/notify.ts'
import { type Looked, newLooks } from './looks.ts'
import { lookOf } from './state.ts'
import { newTickFeed } from './tick-feed.ts'

const ownService = oneStore()
const both = ['1.0.0', '2.0.0']

/** A comparison of two builds, its ticks, and its looks. */
function comparisonOf({ store, service, builds, spanOf, closeAll }: OwnService, asked: object = {}, spread = 0) {
  const nowhere = { metrics: unmeasured, notify: noNotify, slos: [], flagRules: usualFlagRules, version: '0.0.0' }
  const context = { ...nowhere, store, now: () => firstStart + 3_600_000, warn: () => {} } as unknown as Context
  const feed = newTickFeed(store)
  const request = parseRequest({ ...builds, ...asked })
  const serve = async (fromTick: number, toTick: number, served = both, instance = ''): Promise<void> => {
    const spans = served.flatMap((build) =>
      Array.from({ length: 4 * (toTick - fromTick) }, (_, index) =>
        spanOf({
          atMs: fromTick * 5000 + index * 1250,
          durationNs: BigInt(20_000_000 + (index % 7) * 1_000_000),
          resource: instance === '' ? {} : { 'service.instance.id': instance },
          attributes: {
            'http.route': '/cart',
            'http.request.method': 'GET',
            'service.version': build,
            ring: build[0]!,
            'coalmine.flag.dark': build === '2.0.0' ? 'on' : 'off',
          },
        }),
      ),
    )
    await store.ingest.insert(batchOf(...spans))
    await closeAll()
    feed.nextRound()
  }
  return {
    looks: newLooks(request, context, feed, firstStart, spread),
    serve,
    /** What others read meanwhile. */
    readByOthers: () => feed.newsOf(service),
    judged: async () => lookOf(await judgedNow(request, context)),
  }
}

it('reads no more than what is new when its turn comes only after minutes', async () => {
  const { looks, serve, readByOthers, judged } = comparisonOf(ownService())
  await serve(0, 40)
  expect((await looks.next())?.verdict).toBeDefined()
  for (const tick of [40, 50, 60]) {
    await serve(tick, tick + 10)
    await readByOthers()
  }
  const late = await looks.next()
  expect(late?.verdict).toBeUndefined()
  expect(late?.look).toEqual(await judged())
  looks.end()
})

it('judges the whole window again when it has doubled, or a little later', async () => {
  const metrics = { latency: false, 'client-errors': false }
  for (const [spread, isWhole] of [
    [0, [true, false]],
    [0.5, [false, true]],
  ] as const) {
    const { looks, serve, judged } = comparisonOf(ownService(), { policy: { metrics } }, spread)
    await serve(0, 20)
    await looks.next()
    await serve(20, 41)
    expect((await looks.next())?.verdict !== undefined).toBe(isWhole[0])
    await serve(41, 46)
    const last = await looks.next()
    expect(last?.verdict !== undefined).toBe(isWhole[1])
    expect(last?.look).toEqual(await judged())
    looks.end()
  }
})

it('reads again what was closed anew, or after the ticks that follow it', async () => {
  const { looks, serve, judged } = comparisonOf(ownService())
  await serve(0, 20)
  await serve(22, 23)
  await looks.next()
  for (const tick of [23, 20, 24, 21]) {
    await serve(tick, tick + 1)
    const look = await looks.next()
    expect(look?.look).toEqual(await judged())
    expect(look?.verdict !== undefined).toBe(tick < 22)
  }
  looks.end()
})

it('looks at once when it has to begin anew soon after a look at the whole window, and then less often', async () => {
  const { looks, serve, judged } = comparisonOf(ownService())
  await serve(0, 240, both, 'first')
  expect((await looks.next())?.verdict).toBeDefined()
  const found: (Looked | undefined)[] = []
  for (let tick = 240; tick < 246; tick += 1) {
    await serve(tick, tick + 1, both, `new at ${tick}`)
    found.push(await looks.next())
    if (tick === 243) expect(found.at(-1)?.look).toEqual(await judged())
  }
  expect(found.map((one) => one !== undefined)).toEqual([true, true, true, true, false, false])
  looks.end()
})

it.each([
  ['a flag', { stable: 'coalmine.flag.dark=off', canary: 'coalmine.flag.dark=on' }],
  ['an attribute', { stable: 'ring=1', canary: 'ring=2' }],
])('judges the whole window less often the longer one arm is missing: cohorts by %s', async (_, asked) => {
  const { looks, serve, judged } = comparisonOf(ownService(), asked)
  await serve(0, 120, ['2.0.0'])
  expect((await looks.next())?.look.outcome).toBe('invalid')
  const lookedFor = async (fromTick: number, toTick: number, served: string[]): Promise<(Looked | undefined)[]> => {
    const found: (Looked | undefined)[] = []
    for (let tick = fromTick; tick < toTick; tick += 1) {
      await serve(tick, tick + 1, served)
      found.push(await looks.next())
    }
    return found
  }
  const alone = await lookedFor(120, 126, ['2.0.0'])
  expect(alone.filter((one) => one !== undefined)).toHaveLength(2)
  const last = (await lookedFor(126, 129, both)).at(-1)
  expect(last?.look).toEqual(await judged())
  expect(last?.look.outcome).toBe('inconclusive')
  looks.end()
})
