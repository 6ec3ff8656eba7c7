import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { timeWindow } from '../otlp/refusals.ts'
import { refuseLine } from './file-part.ts'
import { close, flush, leave, newIntake, noTotals, type Totals, take } from './intake.ts'
import { partsOf } from './parts.ts'
import { watchSilence } from './silence.ts'
import { drained, unpacked } from './unpacked.ts'

/** The totals of a file, over all imports that resumed an interrupted one. */
export type ImportAnswer = Totals & {
  /** How many of its spans earlier imports had stored. */
  readonly before: number
}

/** The progress of a file's import. */
export type ImportState = ImportAnswer & {
  /** The offset of the first line that is not stored; 0 if unknown. */
  readonly bytes: number
  readonly finished: boolean
}

interface Query {
  file: string
  columns: string
  offset: number
  again: boolean
}

/**
 * `POST /api/import`: OTLP as JSON (one request, a list of them, or one per line) or as protobuf (one request, or several with their
 * lengths); traces from Jaeger, Tempo and Zipkin; Parquet or CSV of spans. It may be compressed with gzip or zstd; the format is
 * detected from the first bytes. In the query, `columns` maps columns. `file`, any text, identifies the file, so that an interrupted
 * import resumes, unless `again` is set; its body may then begin at `offset`, as answered by `GET /api/import?file=`.
 */
export async function registerImport(app: FastifyInstance, context: Context): Promise<void> {
  app.get('/api/import', async ({ query }) => stateOf(context, queryOf(query).file))
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', async (_: unknown, payload: Readable) => payload)
    scope.post('/api/import', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
      if (!request.body) throw new ServerError('usage', 'the body is missing: expected spans')
      const stream = request.body as Readable
      let isGone = false
      reply.raw.once('close', () => {
        isGone = true
      })
      return importSpans(context, stream, queryOf(request.query), () => isGone).catch((error: unknown) => {
        void drained(stream)
        throw error
      })
    })
  })
}

/** Stores the spans of a stream, keeping their ticks open until it ends, or its sender is gone or silent. */
async function importSpans(
  { store, decoder, now, warn, limits }: Context,
  stream: Readable,
  { file, columns, offset, again }: Query,
  isGone: () => boolean,
): Promise<ImportAnswer> {
  const found = file && !again ? await store.imports.progress<Totals>(file) : undefined
  const done = found && !found.finished ? found : undefined
  if (offset > 0 && offset !== done?.bytes)
    throw new ServerError('usage', `offset: expected the one that GET /api/import?file= answers, got ${offset}`)
  const before = done?.totals.spans ?? 0
  const intake = newIntake({
    store,
    file,
    hold: await store.ingest.hold(done !== undefined),
    done: done ?? { line: 0, bytes: 0, totals: noTotals() },
  })
  const note = (text: string): void => {
    if (!intake.totals.notes.includes(text)) intake.totals.notes.push(text)
  }
  const silence = watchSilence(limits.silenceMs, () => {
    store.ingest.release(intake.hold)
    warn(`an import has sent nothing for ${limits.silenceMs / 1000} s: ticks no longer wait for it`)
  })
  try {
    const parts = partsOf(unpacked(silence.heard(stream)), {
      store,
      decoder,
      window: timeWindow(now(), store.retentionDays),
      after: intake.done.line,
      offset,
      columns,
      note,
    })
    try {
      for await (const part of parts) {
        await take(intake, part)
        if (isGone()) throw new ServerError('unavailable', 'the client is gone')
      }
    } catch (error) {
      // A broken file counts as a refused line too.
      if (!(error instanceof ServerError && error.kind === 'malformed')) throw error
      refuseLine(intake.totals, intake.line + 1, error.message)
    }
    await flush(intake)
    const { ignored } = intake
    if (ignored > 0)
      note(`${ignored} log ${ignored === 1 ? 'record is' : 'records are'} left out: not flag evaluations`)
  } catch (error) {
    await leave(intake)
    throw error
  } finally {
    silence.end()
    store.ingest.release(intake.hold)
  }
  await store.ingest.closeDue()
  await close(intake)
  return { ...intake.totals, before }
}

async function stateOf({ store }: Context, file: string): Promise<ImportState> {
  if (!file) throw new ServerError('usage', 'file: expected one, as in /api/import?file=0123abcd')
  const { totals = noTotals(), bytes = 0, finished = false } = (await store.imports.progress<Totals>(file)) ?? {}
  return { ...totals, before: totals.spans, bytes, finished }
}

function queryOf(query: unknown): Query {
  const { file = '', columns = '', offset = '0', again } = query as Record<string, string | string[] | undefined>
  if (typeof file !== 'string') throw new ServerError('usage', 'file: expected only one')
  const bytes = Number(offset)
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new ServerError('usage', `offset: expected a number of bytes, got "${String(offset)}"`)
  return { file, columns: [columns].flat().join(','), offset: bytes, again: again !== undefined }
}
