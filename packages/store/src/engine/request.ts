import { Readable } from 'node:stream'
import { type ClickHouseClient, type ClickHouseSettings, parseError } from '@clickhouse/client'
import type { Params } from './engine.ts'
import { bytesOf } from './stream-bytes.ts'
import { boundText } from './values.ts'

/** A request to a server. If given, `rows` are its body. */
export interface Asked {
  readonly statement: string
  readonly params?: Params | undefined
  readonly settings?: ClickHouseSettings
  readonly rows?: Uint8Array
  /** The format of the answer; default JSON rows, one per line. */
  readonly format?: 'JSONEachRow' | 'RowBinary'
  readonly signal?: AbortSignal
}

/** An error response from a server, or from something in front of it. */
export class Refusal extends Error {
  readonly status: number
  /** The server's error code; undefined if the answer did not come from ClickHouse. */
  readonly code: number | undefined

  constructor(status: number, body: string) {
    const told = parseError(body) as Error & { code?: string }
    super(told.message.trim())
    this.name = 'Refusal'
    this.status = status
    this.code = told.code === undefined ? undefined : Number(told.code)
  }
}

/**
 * One request over HTTP, and its answer. Bound values travel in the body, for an address may be
 * long only until the first proxy. Throws a Refusal, or the network's error.
 */
export async function request(client: ClickHouseClient, asked: Asked): Promise<Buffer> {
  const { statement, params = {}, settings, rows, format = 'JSONEachRow', signal } = asked
  const names = Object.keys(params)
  const form = names.length > 0 && !rows ? formOf(statement, params) : undefined
  const { stream, http_status_code, response_headers } = await client.exec({
    query: form?.body ?? statement,
    ...(rows && { values: Readable.from([rows]) }),
    ...(form && { http_headers: { 'Content-Type': form.type } }),
    // Otherwise the server would send status 200 with its first row and could not report a later error.
    clickhouse_settings: { default_format: format, wait_end_of_query: 1, ...settings },
    ignore_error_response: true,
    ...(signal && { abort_signal: signal }),
  } as Parameters<ClickHouseClient['exec']>[0])
  const body = await bytesOf(stream)
  const status = http_status_code ?? 200
  const failed = status >= 300 || response_headers['x-clickhouse-exception-code'] !== undefined
  if (failed) throw new Refusal(status, body.toString())
  return body
}

function formOf(statement: string, params: Params): { readonly type: string; readonly body: string } {
  const boundary = `coalmine-${crypto.randomUUID()}`
  const fields = [
    ['query', statement],
    ...Object.entries(params).map(([name, value]) => [`param_${name}`, boundText(value)]),
  ]
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return { type: `multipart/form-data; boundary=${boundary}`, body: `${parts.join('')}--${boundary}--\r\n` }
}
