import { setTimeout } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { StoreError } from '../errors.ts'
import { quoted } from '../traces.ts'
import { type Address, parseAddress } from './address.ts'
import type { Engine, Params } from './engine.ts'
import { failureOf, neverBegan, passes } from './failure.ts'
import { insertJson, insertRowBinary } from './incoming.ts'
import { insertLimits, readLimits, writeLimits } from './limits.ts'
import { parquetRows } from './parquet.ts'
import { Refusal, request } from './request.ts'
import { rowsOf } from './rows.ts'
import { isSupported, oldestClickhouse } from './version.ts'

// A restarting server is back within seconds; a page or a pipeline does not wait much longer.
const defaultRepeatAfterMs = [200, 500, 1_000, 2_000]
const defaultConnectMs = 10_000
// A little more than a read may take, so that the server can report why it stopped.
const defaultAnswerMs = (readLimits.max_execution_time + 10) * 1000
const settingRefused = 452

/** Timeouts for the first answer and for each later one, and the delays before retries. */
export interface RemoteOptions {
  readonly connectMs?: number
  readonly answerMs?: number
  readonly repeatAfterMs?: readonly number[]
}

// A user's profile may select the old analyzer, and numbers as strings.
const understood: ClickHouseSettings = { allow_experimental_analyzer: 1, output_format_json_quote_64bit_integers: 0 }
// Inserts are acknowledged only once the rows are stored, on the shards too.
const storedBeforeAnswer: ClickHouseSettings = { async_insert: 0, insert_distributed_sync: 1 }

/**
 * Talks to a ClickHouse server over HTTP: `https://user:password@host:8443/database`.
 *
 * Retried when a connection breaks: reads, and writes that are idempotent. A span that is stored twice is counted once.
 * Tables and views are created only if missing. A commit, a look and the start of a comparison repeat the same row, of which
 * the first or the newest counts, and a verdict is stored only if it differs from the last. What fills coalmine_ticks and
 * coalmine_late adds up, and goes through `writeOnce`. The log table drops repeated inserts, if we created it.
 *
 * Throws a StoreError of kind `usage` for an invalid URL, and `unavailable` if the server does not answer, rejects the
 * user or is too old.
 */
export async function openRemote(url: string, options: RemoteOptions = {}): Promise<Engine> {
  const { connectMs = defaultConnectMs, answerMs = defaultAnswerMs, repeatAfterMs = defaultRepeatAfterMs } = options
  const address = parseAddress(url)
  const client = connect(address, answerMs)
  try {
    const settable = await settableOn(client, address, AbortSignal.timeout(connectMs))
    return engineOf({ client, address, settable, repeatAfterMs })
  } catch (error) {
    await client.close()
    throw error
  }
}

function connect({ url, database }: Address, answerMs: number): ClickHouseClient {
  return createClient({
    url,
    database,
    application: 'coalmine',
    log: { level: ClickHouseLogLevel.OFF },
    request_timeout: answerMs,
    // One insert, one closing, and the concurrent reads of the judge and a page.
    max_open_connections: 10,
    // Servers close idle connections, some after 3 s: we close ours first, or a statement would be sent into a closed one.
    keep_alive: { enabled: true, idle_socket_ttl: 2_500, eagerly_destroy_stale_sockets: true },
  })
}

/** Whether statements may come with settings. */
async function settableOn(client: ClickHouseClient, address: Address, signal: AbortSignal): Promise<boolean> {
  const ask = async <Row>(statement: string): Promise<Row> => {
    const answer = (await request(client, { statement, signal })).toString()
    // Something other than ClickHouse may answer with status 200.
    if (!answer.startsWith('{')) throw new Refusal(200, answer)
    return rowsOf<Row>(answer)[0]!
  }
  const unusable = (why: string): StoreError => new StoreError('unavailable', `store ${address.shown}: ${why}`)
  try {
    const { version, readonly } = await ask<{ version: string; readonly: number | string }>(serverFacts)
    if (!isSupported(version))
      throw unusable(
        `it is ClickHouse ${version}, and coalmine needs ${oldestClickhouse} or later: upgrade it, or name another server`,
      )
    if (Number(readonly) !== 1) return true
    const { quotesNumbers, analyzes } = await ask<{ quotesNumbers: number; analyzes: number }>(fixedSettings)
    const wanted = [
      ...(quotesNumbers ? ['output_format_json_quote_64bit_integers = 0'] : []),
      ...(analyzes ? [] : ['allow_experimental_analyzer = 1']),
    ].join(', ')
    if (wanted === '') return false
    throw unusable(
      `its user ${address.user} may set nothing (readonly = 1), and needs ALTER USER ${address.user} SETTINGS ${wanted}; or readonly = 2`,
    )
  } catch (cause) {
    throw cause instanceof StoreError ? cause : failureOf(cause, address)
  }
}

interface Server {
  readonly client: ClickHouseClient
  readonly address: Address
  readonly settable: boolean
  readonly repeatAfterMs: readonly number[]
}

function engineOf({ client, address, settable, repeatAfterMs }: Server): Engine {
  let limited = settable
  const withSettings = (settings: ClickHouseSettings) => (settable ? { settings } : {})
  const repeated = async <T>(attempt: () => Promise<T>, mayRepeat: (cause: unknown) => boolean): Promise<T> => {
    for (let tries = 0; ; tries++)
      try {
        return await attempt()
      } catch (cause) {
        const wait = repeatAfterMs[tries]
        if (wait === undefined || !mayRepeat(cause)) throw failureOf(cause, address)
        await setTimeout(wait)
      }
  }
  const written = (statement: string, params: Params | undefined, mayRepeat: (cause: unknown) => boolean) =>
    repeated(
      () =>
        request(client, {
          statement,
          params,
          ...withSettings({ ...understood, ...storedBeforeAnswer, ...writeLimits }),
        }),
      mayRepeat,
    )
  const read = (
    statement: string,
    params: Params | undefined,
    format: 'JSONEachRow' | 'RowBinary',
  ): Promise<Buffer> => {
    const attempt = async (): Promise<Buffer> => {
      const settings = { ...understood, ...(limited && readLimits) }
      return request(client, { statement, params, format, ...withSettings(settings) })
    }
    return repeated(attempt, (cause) => {
      // A user's profile may set tighter limits than ours; then those apply.
      const tighter = limited && cause instanceof Refusal && cause.code === settingRefused
      if (tighter) limited = false
      return tighter || passes(cause)
    })
  }
  const readRows = async <Row>(statement: string, params?: Params): Promise<Row[]> =>
    rowsOf<Row>((await read(statement, params, 'JSONEachRow')).toString())
  return {
    write: async (statement, params) => {
      await written(statement, params, passes)
    },
    writeOnce: async (statement, params) => {
      await written(statement, params, neverBegan)
    },
    read: readRows,
    readFirst: readRows,
    readBinary: (statement, params) => read(statement, params, 'RowBinary'),
    insertSpans: async (rows, into) => {
      const settings = { ...storedBeforeAnswer, ...insertLimits, insert_deduplication_token: crypto.randomUUID() }
      const statement = insertRowBinary(quoted(into))
      await repeated(() => request(client, { statement, rows, ...withSettings(settings) }), passes)
    },
    insertLogs: async (lines, into) => {
      const settings = {
        ...storedBeforeAnswer,
        insert_deduplication_token: crypto.randomUUID(),
        // The Collector's exporter may have created the table with more or fewer columns.
        input_format_skip_unknown_fields: 1 as const,
      }
      const rows = Buffer.from(lines)
      await repeated(
        () => request(client, { statement: insertJson(quoted(into)), rows, ...withSettings(settings) }),
        passes,
      )
    },
    // A remote server cannot read our files; the embedded engine reads them, if it is installed.
    parquetRows: (bytes, fromRow) => parquetRows(bytes, fromRow),
    close: () => client.close(),
  }
}

/** Facts about a server, and whether its user may change settings: not if `readonly` is 1. */
export const serverFacts = `
  SELECT version() AS version, getSetting('readonly') AS readonly`

/** The settings in effect if none may be changed. */
export const fixedSettings = `
  SELECT
    toString(getSetting('output_format_json_quote_64bit_integers')) IN ('1', 'true') AS quotesNumbers,
    toString(getSetting('allow_experimental_analyzer')) IN ('1', 'true') AS analyzes`
