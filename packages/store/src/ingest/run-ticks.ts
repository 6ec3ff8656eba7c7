import { isEntrySpan, namedOperationsOfServices, ofWindow, spansOfTicks } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'
import type { Closing } from './tick-columns.ts'

/** Records what test runs did in ticks that are being summed up. */
export type NoteRuns = (closing: Closing, batch: string) => Promise<void>

// A test request may write several ticks before it ends.
const alsoSeconds = 60

/** Most ticks have no test traffic; they cost one small query and read no spans. */
export function noteRuns(engine: Engine): NoteRuns {
  const lastTested = new Map<string, number>()
  return async (closing, batch) => {
    const { services, ticks, from, to, since } = closing
    const tested = await engine.readFirst<{ service: string }>(testedServices, { services, from, to, batch })
    for (const { service } of tested) lastTested.set(service, to)
    const places = services.flatMap((service, at) =>
      (lastTested.get(service) ?? 0) + alsoSeconds > ticks[at]! ? [at] : [],
    )
    if (places.length === 0) return
    const known = await engine.readFirst<{ service: string; tick: number }>(notedTicks, { services, from, to })
    const isKnown = new Set(known.map(({ service, tick }) => `${tick} ${service}`))
    const fresh = places.filter((at) => !isKnown.has(`${ticks[at]} ${services[at]}`))
    if (fresh.length === 0) return
    const its = { services: fresh.map((at) => services[at]!), ticks: fresh.map((at) => ticks[at]!) }
    // A crash between the two omits a tick, but never counts one twice.
    await engine.write(noteTicks, its)
    await engine.writeOnce(closeRuns, { ...its, from, to, since })
  }
}

/** Services with test requests in a batch. */
export const testedServices: string = sql`
  SELECT DISTINCT Service AS service
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND Test
    AND ${ofWindow} AND Batch = {batch:UInt64}`

/** Ticks whose test runs are recorded. */
export const notedTicks: string = sql`
  SELECT Service AS service, toUnixTimestamp(Tick) AS tick
  FROM coalmine_run_ticks
  WHERE Service IN {services:Array(String)} AND ${ofWindow}`

/** Marks ticks as recorded. */
export const noteTicks = `
  INSERT INTO coalmine_run_ticks (Service, Tick)
  SELECT pair.1 AS Service, fromUnixTimestamp(pair.2) AS Tick
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {ticks:Array(UInt32)})) AS pair)`

const database = `multiIf(SpanAttributes['db.system.name'] != '', SpanAttributes['db.system.name'], SpanAttributes['db.system'])`

const statementOf = `multiIf(SpanAttributes['db.query.text'] != '', SpanAttributes['db.query.text'], SpanAttributes['db.statement'])`

const databaseVerb = `upper(multiIf(
  SpanAttributes['db.operation.name'] != '', SpanAttributes['db.operation.name'],
  SpanAttributes['db.operation'] != '', SpanAttributes['db.operation'],
  extract(${statementOf}, '^\\\\s*(\\\\w+)')))`

const verbsOfWrites = `'INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'UPSERT', 'COPY', 'TRUNCATE', 'SET', 'SETEX', 'HSET', 'HMSET',
  'LPUSH', 'RPUSH', 'SADD', 'ZADD', 'INCR', 'INCRBY', 'DECR', 'DEL', 'XADD', 'INSERTONE', 'INSERTMANY', 'UPDATEONE', 'UPDATEMANY',
  'DELETEONE', 'DELETEMANY', 'FINDANDMODIFY', 'PUTITEM', 'UPDATEITEM', 'DELETEITEM', 'BATCHWRITEITEM', 'INDEX', 'BULK'`

const namespace = `multiIf(
  SpanAttributes['db.namespace'] != '', SpanAttributes['db.namespace'], SpanAttributes['db.name'])`

const collection = `multiIf(
  SpanAttributes['db.collection.name'] != '', SpanAttributes['db.collection.name'],
  SpanAttributes['db.sql.table'] != '', SpanAttributes['db.sql.table'],
  SpanAttributes['db.mongodb.collection'] != '', SpanAttributes['db.mongodb.collection'],
  extract(${statementOf}, '(?i)^\\\\s*(?:INSERT\\\\s+INTO|UPDATE|DELETE\\\\s+FROM|REPLACE\\\\s+INTO)\\\\s+([^\\\\s(]+)'))`

const destination = `multiIf(
  SpanAttributes['messaging.destination.template'] != '', SpanAttributes['messaging.destination.template'],
  SpanAttributes['messaging.destination.name'])`

/** The target that a span writes to, as far as the span names it; '' if it writes nothing. */
const writesTo: string = sql`multiIf(
  SpanKind IN ('Producer', 'SPAN_KIND_PRODUCER'),
    trimRight(concat(SpanAttributes['messaging.system'], ' ', ${destination})),
  ${database} != '' AND ${databaseVerb} IN (${verbsOfWrites}),
    trimRight(concat(${database}, ' ',
      SpanAttributes['server.address'], if(SpanAttributes['server.address'] = '', '', '/'),
      ${namespace}, if(${namespace} = '' OR ${collection} = '', '', '.'), ${collection})),
  '')`

/**
 * What test runs did in ticks: a row for each run and operation, with operation '' for spans below requests. Rows without a run say
 * where users' requests wrote, to tell whether a test wrote elsewhere. A span counts once, however often it was sent.
 */
export const closeRuns: string = sql`
  INSERT INTO coalmine_runs (
    Service, Quarter, Test, Run, Operation, Requests, Errors, Spans, Owner, Expires, FirstStart, LastEnd, Entities, Flags, Writes)
  SELECT
    Service,
    toStartOfFifteenMinutes(Tick) AS Quarter,
    Test,
    if(Test, substringUTF8(SpanAttributes['coalmine.test.run'], 1, 200), '') AS Run,
    if(IsEntry AND Test, if((Service, Operation) IN ${namedOperationsOfServices}, Operation, '(other)'), '') AS RunOperation,
    countIf(IsEntry),
    countIf(IsEntry AND IsError),
    count(),
    max(SpanAttributes['coalmine.test.owner']),
    max(SpanAttributes['coalmine.test.expires']),
    min(Timestamp),
    max(EndedAt),
    groupUniqArrayIf(100)(substringUTF8(SpanAttributes['coalmine.test.entity'], 1, 200),
      Test AND SpanAttributes['coalmine.test.entity'] != ''),
    arraySort(groupUniqArrayArray(200)(if(Test,
      arrayMap(flag -> replaceOne(flag, '\\0', '='),
        arrayFilter(flag -> flag != '' AND NOT startsWith(flag, '\\0'), splitByChar('\\x01', FlagSet))),
      []))),
    mapFromArrays(arraySlice(mapKeys(sumMapIf(map(Target, toUInt64(1)), Target != '') AS AllWrites), 1, 100),
      arraySlice(mapValues(AllWrites), 1, 100))
  FROM (
    SELECT
      *,
      ${isEntrySpan} AS IsEntry,
      ${writesTo} AS Target
    FROM coalmine_spans
    WHERE ${spansOfTicks}
      AND (Test OR Target != '')
    LIMIT 1 BY TraceId, SpanId
  )
  GROUP BY Service, Quarter, Test, Run, RunOperation`
