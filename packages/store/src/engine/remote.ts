import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient, type ResponseHeaders } from '@clickhouse/client'
import { StoreError } from '../errors.ts'
import { insertRowBinary } from '../queries/incoming.ts'
import { quoted } from '../traces.ts'
import type { Engine, Params } from './engine.ts'
import { parquetRows } from './parquet.ts'

/** Talks to a ClickHouse server over HTTP: `https://user:password@host:8443/database`. */
export async function openRemote(url: string): Promise<Engine> {
  const client = createClient({
    url,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  const where = withoutPassword(url)
  const failed = (cause: unknown): never => {
    throw new StoreError('unavailable', `store ${where}: ${(cause as Error).message || String(cause)}`, { cause })
  }
  const pinged = await client.ping({ select: true })
  if (!pinged.success) {
    await client.close()
    failed(pinged.error)
  }
  const bound = (params: Params | undefined) => params && { query_params: params }
  return {
    write: async (query, params) => {
      await client.command({ query, ...bound(params) }).catch(failed)
    },
    read: async <Row>(query: string, params?: Params): Promise<Row[]> => {
      const result = await client
        .query({ query, format: 'JSONEachRow', clickhouse_settings: { max_execution_time: 120 }, ...bound(params) })
        .catch(failed)
      return result.json<Row>()
    },
    insertSpans: async (rows, into) => {
      const { stream }: { stream: Readable; response_headers: ResponseHeaders } = await client
        .exec({ query: insertRowBinary(quoted(into)), values: Readable.from([rows]) })
        .catch(failed)
      stream.resume()
    },
    // What is far away reads no file of ours; the embedded engine reads them, where it is installed.
    parquetRows: (bytes, fromRow) => parquetRows(bytes, fromRow),
    close: () => client.close(),
  }
}

function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  return shown.href
}
