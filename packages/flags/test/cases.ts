import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { FLAGS_TARGETED, MarkProcessor } from '@coalmine/marks'
import { context, logs, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Evaluation } from '../src/evaluation.ts'

/** Whom a flag is evaluated for. Nothing of `id` may be in the telemetry. */
export interface User {
  readonly id: string
  readonly tier: 'gold' | 'plain'
}

/** What one case evaluates and what must come of it, for the user `gold`. */
export interface Case {
  readonly evaluate: (user: User) => unknown
  /** What the application gets: what it would get without the adapter. */
  readonly value: unknown
  /** The variant that the request is marked with. */
  readonly mark: string
  /** Everything else that the adapter knows. */
  readonly known: Omit<Evaluation, 'key' | 'value' | 'variant'>
  /** True when the SDK has a name for the variant. */
  readonly named?: boolean
  /** The flag, where it is not the case's own. */
  readonly key?: string
}

/** Why an SDK cannot have a case. */
export interface Cannot {
  readonly cannot: string
}

/** One flag SDK: the real one, on local data in which `new-pricing` is on for the tier gold alone. */
export interface Subject {
  readonly start: () => unknown
  readonly stop: () => unknown
  readonly cases: {
    /** `new-pricing`, a boolean, or the nearest the SDK has; `plain` is what the other user gets. */
    readonly boolean: Case & { readonly plain: { readonly value: unknown; readonly mark: string } }
    /** `colour`, of several strings. */
    readonly string: Case | Cannot
    /** `layout`, an object. */
    readonly object: Case | Cannot
    /** `beta-search`: it exists, no rule of it matches. */
    readonly 'default served': Case | Cannot
    readonly 'unknown flag': Case | Cannot
    /** `new-pricing`, asked for as something it is not. */
    readonly 'type error': Case | Cannot
    /** `new-pricing`, before the SDK has any data. */
    readonly 'not ready': Case | Cannot
  }
  /** True when the SDK says why only after the request's span may have ended. */
  readonly saysWhyLate?: boolean
  /** What is peculiar to this SDK. */
  readonly also?: readonly (Pick<Case, 'evaluate' | 'value' | 'mark'> & {
    readonly name: string
    readonly key: string
  })[]
  /** Whoever asks for several at once: all that the request is marked with. */
  readonly several?: readonly {
    readonly name: string
    readonly evaluate: (user: User) => unknown
    readonly marks: Readonly<Record<string, string>>
  }[]
  /** What the SDK can be asked, and that nothing of it is forgotten. */
  readonly asked: readonly Asked[]
}

/** An object of an SDK, and its methods that are about flags, by name. */
export interface Asked {
  readonly of: () => object
  /** Those that leave a mark. */
  readonly marked: readonly string[]
  /** Those that do not, as the README says, or that evaluate nothing. */
  readonly unmarked: readonly string[]
}

/** What a method's name has in it that evaluates a flag, or might. */
const aboutFlags =
  /flag|gate|varia|treatment|feature|experiment|config|layer|param|store|value|payload|enabled|^is|^run$|^all|^only|^eval|details/i

const keys: Readonly<Record<keyof Subject['cases'], string>> = {
  boolean: 'new-pricing',
  string: 'colour',
  object: 'layout',
  'default served': 'beta-search',
  'unknown flag': 'unknown',
  'type error': 'new-pricing',
  'not ready': 'new-pricing',
}

const gold: User = { id: 'jane@example.com', tier: 'gold' }
const plain: User = { id: 'joe@example.com', tier: 'plain' }

const spans = new InMemorySpanExporter()
const events = new InMemoryLogRecordExporter()

/** The table of cases that every adapter passes, with its real SDK. */
export function itKeepsTheContract({
  start,
  stop,
  cases,
  saysWhyLate = false,
  also = [],
  several = [],
  asked,
}: Subject): void {
  const connections: unknown[] = []
  const connected = (message: unknown) => connections.push(message)
  let before: string[] = []

  beforeAll(async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const spanProcessors = [new MarkProcessor({ build: {} }), new SimpleSpanProcessor({ exporter: spans })]
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
    logs.setGlobalLoggerProvider(
      new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: events })] }),
    )
    subscribe('net.client.socket', connected)
    await setImmediate()
    before = process.getActiveResourcesInfo()
    await start()
  })
  beforeEach(() => {
    spans.reset()
    events.reset()
  })
  afterAll(async () => {
    await stop()
    expect(await leftOpen(before)).toEqual([])
    unsubscribe('net.client.socket', connected)
    expect(connections).toEqual([])
  })

  describe.each(Object.entries(cases) as [keyof Subject['cases'], Case | Cannot][])('%s', (name, each) => {
    if ('cannot' in each) {
      it.skip(`cannot be: ${each.cannot}`)
      return
    }
    const key = each.key ?? keys[name]

    it('gives the application its value and marks the request with it', async () => {
      const { value, marks } = await request(() => each.evaluate(gold))
      expect(value).toEqual(each.value)
      expect(marks).toEqual({ [`coalmine.flag.${key}`]: each.mark })
    })

    it('marks the request with whether targeting decided', async () => {
      await request(() => each.evaluate(gold))
      const targeted = each.known.reason === 'targeting_match' && !saysWhyLate ? key : undefined
      expect(spans.getFinishedSpans().map(({ attributes }) => attributes[FLAGS_TARGETED])).toEqual([targeted])
    })

    it('emits one log event of all that the SDK knows, and nothing of the user', async () => {
      await request(() => each.evaluate(gold))
      expect(emitted()).toEqual([attributesOf(key, each)])
      const all = [...spans.getFinishedSpans(), ...events.getFinishedLogRecords()].map(({ attributes }) => attributes)
      expect(JSON.stringify(all)).not.toContain('example.com')
    })
  })

  it.each(also)('marks $name', async ({ key, evaluate, value, mark }) => {
    expect(await request(() => evaluate(gold))).toEqual({ value, marks: { [`coalmine.flag.${key}`]: mark } })
  })

  it.each(several)('marks $name', async ({ evaluate, marks }) => {
    const expected = Object.entries(marks).map(([key, variant]) => [`coalmine.flag.${key}`, variant])
    expect((await request(() => evaluate(gold))).marks).toEqual(Object.fromEntries(expected))
  })

  it('knows everything that the SDK can be asked', () => {
    for (const { of, marked, unmarked } of asked) {
      const names = methodsOf(of()).filter((name) => aboutFlags.test(name))
      expect(names).toEqual([...marked, ...unmarked].sort())
    }
  })

  const { boolean } = cases
  const mark = `coalmine.flag.${boolean.key ?? keys.boolean}`

  it('keeps two users apart, whose requests overlap', async () => {
    const users = Array.from({ length: 60 }, (_, i) => (i % 2 ? gold : plain))
    const answers = await Promise.all(
      users.map((user) =>
        request(async () => {
          await sleep(Math.random() * 5)
          return boolean.evaluate(user)
        }),
      ),
    )
    const expected = { gold: boolean, plain: boolean.plain }
    expect(answers).toEqual(
      users.map(({ tier }) => ({ value: expected[tier].value, marks: { [mark]: expected[tier].mark } })),
    )
  })

  it('says (mixed) where one request had two variants, and not where it had one twice', async () => {
    const once = await request(async () => [await boolean.evaluate(gold), await boolean.evaluate(gold)])
    expect(once).toEqual({ value: [boolean.value, boolean.value], marks: { [mark]: boolean.mark } })
    const mixed = await request(async () => [await boolean.evaluate(gold), await boolean.evaluate(plain)])
    expect(mixed).toEqual({ value: [boolean.value, boolean.plain.value], marks: { [mark]: '(mixed)' } })
  })

  it('gives the same value outside a request', async () => {
    expect(await boolean.evaluate(gold)).toEqual(boolean.value)
    await sleep(5)
    expect(spans.getFinishedSpans()).toEqual([])
  })
}

/** Public methods, inherited ones too. */
function methodsOf(of: object): string[] {
  const names = new Set<string>()
  for (let at: object | null = of; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && !/^(_|constructor$)/.test(name)) names.add(name)
    }
  }
  return [...names].sort()
}

/** What `handle` gave, and the marks of the SERVER span that was open as long as it ran. */
async function request(
  handle: () => unknown,
): Promise<{ readonly value: unknown; readonly marks: Record<string, unknown> }> {
  const tracer = trace.getTracer('test')
  return tracer.startActiveSpan('server', { kind: SpanKind.SERVER }, async (span) => {
    const value = await handle()
    span.end()
    const id = span.spanContext().spanId
    const { attributes } = spans.getFinishedSpans().find((one) => one.spanContext().spanId === id)!
    // What an SDK reports on a later tick must not come twice.
    await sleep(5)
    const { [FLAGS_TARGETED]: _, ...marks } = attributes
    return { value, marks }
  })
}

/** The log events since the test began. */
export function emitted(): Record<string, unknown>[] {
  return events.getFinishedLogRecords().map(({ eventName, attributes }) => ({ eventName, ...attributes }))
}

function attributesOf(key: string, { mark, named, known }: Case): Record<string, unknown> {
  const attributes = {
    eventName: 'feature_flag.evaluation',
    'feature_flag.key': key,
    [named ? 'feature_flag.result.variant' : 'feature_flag.result.value']: mark,
    'feature_flag.provider.name': known.provider,
    'feature_flag.result.reason': known.reason,
    'feature_flag.version': known.version,
    'coalmine.rule.id': known.ruleId,
    'error.type': known.errorType,
  }
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

/** Timers, sockets and the like that there are more of than before, after a time in which they may close. */
async function leftOpen(before: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + 60_000
  for (;;) {
    // Waiting by a timer would be one.
    await setImmediate()
    const expected = [...before]
    const more = process.getActiveResourcesInfo().filter((one) => {
      const at = expected.indexOf(one)
      if (at >= 0) expected.splice(at, 1)
      return at < 0
    })
    if (more.length === 0 || performance.now() > deadline) return more
  }
}
