import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { TupleParam } from '@clickhouse/client'
import { rowsOf } from '../src/engine/rows.ts'
import { refusedGrant } from './grants.ts'

/** Who may come in. Without `grants` a user may do everything; `readonly` is the setting of that name. */
export interface User {
  readonly password?: string
  readonly readonly?: 1 | 2
  /** Settings of the user's profile, other than the engine's own. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** As they follow GRANT: `SELECT ON shop.*`, `INSERT, SELECT ON shop.coalmine_ticks`. */
  readonly grants?: readonly string[]
}

/** What goes wrong with requests whose statement matches `on` (all, when left out), so many `times` (always, when left out). */
export type Fault = { readonly on?: RegExp; readonly times?: number } & (
  | { readonly kind: 'drop-before' | 'drop-after' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly code?: number }
)

export interface ClickHouseOptions {
  readonly users?: Readonly<Record<string, User>>
  /** Databases beside `default`. */
  readonly databases?: readonly string[]
}

/** A server that speaks ClickHouse's HTTP interface, as far as its JavaScript client does, with the real engine behind it. */
export interface ClickHouse {
  readonly port: number
  /** Where it is, for a user (default: `default`) and a database (default: `default`). */
  readonly url: (at?: { user?: string; password?: string; database?: string }) => string
  /** Runs a statement past users, faults and HTTP; gives the answer as JSONEachRow rows. */
  readonly query: <Row>(statement: string, database?: string) => Promise<Row[]>
  /** Drops a database, and the connections that it was served by. */
  readonly drop: (database: string) => Promise<void>
  /** Statements that were asked for, in their order, with what HTTP status answered them: 0 for none. */
  readonly requests: { readonly statement: string; readonly database: string; readonly status: number }[]
  /** What `version()` says; the engine's own, when undefined. */
  readonly reportVersion: (version: string | undefined) => void
  readonly fail: (fault: Fault) => void
  readonly heal: () => void
  /** Stops listening and drops every connection, as a restart does; `start` listens on the same port again. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}

interface Result {
  text(): string
  bytes(): Uint8Array
}

interface Session {
  queryAsync(sql: string, options: { format: string }): Promise<Result>
  queryBindAsync(sql: string, params: object, options: { format: string }): Promise<Result>
  close(): void
}
const { Session } = createRequire(import.meta.url)('chdb') as { Session: new (path: string) => Session }

/** Starts one. A process has one engine: a test file that uses this opens no store in a directory. */
export async function startClickHouse(options: ClickHouseOptions = {}): Promise<ClickHouse> {
  const { users = {}, databases = [] } = options
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-clickhouse-'))
  const sessions = new Map<string, Promise<Session>>()
  const requests: { statement: string; database: string; status: number }[] = []
  let faults: { fault: Fault; left: number }[] = []
  let files = 0
  let version: string | undefined

  const connect = async (database: string, user: User = {}): Promise<Session> => {
    const session = new Session(directory)
    const run = (statement: string) => session.queryAsync(statement, { format: 'Null' })
    try {
      // Threads cost more than tests' few rows gain by them.
      await run('SET max_threads = 1')
      await run(`USE ${quoted(database)}`)
      for (const [setting, value] of Object.entries(user.settings ?? {})) await run(`SET ${setting} = '${value}'`)
      if (user.readonly) await run(`SET readonly = ${user.readonly}`)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  // A connection has one database and cannot leave read-only mode again, so each user has one for each database.
  const sessionFor = (database: string, name = '', user?: User): Promise<Session> => {
    const key = `${name} ${database}`
    const session = sessions.get(key) ?? connect(database, user)
    sessions.set(key, session)
    session.catch(() => sessions.delete(key))
    return session
  }

  const admin = await sessionFor('default')
  for (const database of databases) await admin.queryAsync(`CREATE DATABASE ${quoted(database)}`, { format: 'Null' })

  const viewText = async (name: string): Promise<string> => {
    const [database, table] = name.split('.') as [string, string]
    const sql = 'SELECT as_select FROM system.tables WHERE database = {database:String} AND name = {table:String}'
    return (await admin.queryBindAsync(sql, { database, table }, { format: 'TSVRaw' })).text().trim()
  }

  const run = async (asked: Asked): Promise<{ body: Uint8Array | string; format: string }> => {
    const { user } = asked
    const known = users[user] ?? (user === 'default' ? {} : undefined)
    if (!known || asked.password !== (known.password ?? ''))
      throw new Error(
        `Code: 516. DB::Exception: ${user}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
      )
    const { grants } = known
    const session = await sessionFor(asked.database, user, known)
    if (grants) {
      const refused = await refusedGrant(asked.statement, asked.params, asked.database, grants, viewText)
      if (refused)
        throw new Error(
          `Code: 497. DB::Exception: ${user}: Not enough privileges. To execute this query, it's necessary to have the grant ${refused}. (ACCESS_DENIED)`,
        )
    }
    let { statement } = asked
    if (version) statement = statement.replaceAll('version()', `'${version}'`)
    const [, sql, format] = /^(.*?)(?:\bFORMAT (\w+))?[\s;]*$/s.exec(statement) as unknown as [string, string, string?]
    const isQuery = /^\s*(SELECT|WITH|INSERT)\b/.test(sql)
    if (!isQuery && Object.keys(asked.settings).length > 0) {
      // What defines tables has no settings of its own: it has a connection with them.
      const own = await connect(asked.database, { ...known, settings: { ...known.settings, ...asked.settings } })
      await own.queryBindAsync(sql, boundValues(sql, asked.params), { format: 'Null' }).finally(() => own.close())
      return { body: '', format: 'Null' }
    }
    const settings = settingsText(asked.settings)
    if (asked.body) {
      const file = join(directory, `body-${files++}`)
      await writeFile(file, asked.body)
      try {
        await session.queryAsync(`${sql} FROM INFILE '${file}' ${settings} FORMAT ${format}`, { format: 'Null' })
      } finally {
        await rm(file)
      }
      return { body: '', format: 'Null' }
    }
    const how = { format: format ?? asked.format }
    const bound = boundValues(sql, asked.params)
    const result =
      Object.keys(bound).length > 0
        ? await session.queryBindAsync(`${sql} ${settings}`, bound, how)
        : await session.queryAsync(`${sql} ${settings}`, how)
    return { body: result.bytes(), format: how.format }
  }

  const faultFor = (statement: string): Fault | undefined => {
    const found = faults.find(({ fault, left }) => left > 0 && (fault.on?.test(statement) ?? true))
    if (found) found.left--
    return found?.fault
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await readRequest(request)
    const entry = { statement: asked.statement.trim(), database: asked.database, status: 0 }
    const finish = (status: number, body: Uint8Array | string, headers: Record<string, string> = {}): void => {
      entry.status = status
      const id = asked.queryId || crypto.randomUUID()
      response.writeHead(status, {
        'X-ClickHouse-Query-Id': id,
        'X-ClickHouse-Server-Display-Name': 'test',
        ...headers,
      })
      response.end(body)
    }
    if (asked.path === '/ping') return finish(200, 'Ok.\n')
    requests.push(entry)
    const fault = faultFor(asked.statement)
    if (fault?.kind === 'drop-before') {
      request.socket.destroy()
      return
    }
    if (fault?.kind === 'answer')
      return finish(fault.status, fault.body, fault.code ? { 'X-ClickHouse-Exception-Code': `${fault.code}` } : {})
    if (fault?.kind === 'late') await setTimeout(fault.ms)
    try {
      const { body, format } = await run(asked)
      if (fault?.kind === 'drop-after') {
        request.socket.destroy()
        return
      }
      finish(200, body, { 'X-ClickHouse-Format': format, 'X-ClickHouse-Summary': '{"read_rows":"0"}' })
    } catch (error) {
      const { message } = error as Error
      const code = Number(/^Code: (\d+)/.exec(message)?.[1] ?? 1002)
      const told = `${message} (version ${version ?? '26.7.2.1'} (official build))\n`
      finish(statusOf(code), told, { 'X-ClickHouse-Exception-Code': `${code}` })
    }
  }

  // What real servers take in an address: http_max_uri_size.
  let server: Server
  const start = async (port: number): Promise<number> => {
    server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
      answer(request, response).catch(() => request.socket.destroy())
    }).listen(port, '127.0.0.1')
    await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
    return (server.address() as AddressInfo).port
  }
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  const port = await start(0)

  return {
    port,
    url: ({ user, password, database = '' } = {}) => {
      const url = new URL(`http://127.0.0.1:${port}/${database}`)
      if (user) url.username = user
      if (password) url.password = password
      return url.href
    },
    query: async <Row>(statement: string, database = 'default'): Promise<Row[]> => {
      const session = await sessionFor(database)
      return rowsOf<Row>((await session.queryAsync(statement, { format: 'JSONEachRow' })).text())
    },
    drop: async (database) => {
      for (const [key, session] of sessions)
        if (key.endsWith(` ${database}`)) {
          sessions.delete(key)
          ;(await session).close()
        }
      await admin.queryAsync(`DROP DATABASE ${quoted(database)}`, { format: 'Null' })
    },
    requests,
    reportVersion: (reported) => {
      version = reported
    },
    fail: (fault) => faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    heal: () => {
      faults = []
    },
    stop,
    start: async () => {
      await start(port)
    },
    close: async () => {
      await stop().catch(() => {})
      for (const session of sessions.values()) (await session).close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Asked {
  readonly path: string
  readonly user: string
  readonly password: string
  readonly database: string
  readonly queryId: string
  readonly statement: string
  /** What stands before the rows of an INSERT is in the address, the rows are the body. */
  readonly body: Buffer | undefined
  /** Of the answer, where the statement names none. */
  readonly format: string
  readonly params: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

// Not settings of a query, though they are parameters of the address.
const reserved =
  /^(query|database|query_id|user|password|session_id|role|default_format|wait_end_of_query|buffer_size|compress)$/

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  let body = Buffer.concat(chunks)
  if (request.headers['content-encoding'] === 'gzip') body = gunzipSync(body)
  const fields = [...searchParams]
  const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(request.headers['content-type'] ?? '') ?? []
  if (boundary) {
    fields.push(...partsOf(body.toString(), boundary))
    body = Buffer.alloc(0)
  }
  // http_max_field_value_size
  if (fields.some(([, value]) => value.length > 131_072)) throw new Error('Field value too long')
  const values = new Map(fields)
  const params: Record<string, string> = {}
  const settings: Record<string, string> = {}
  for (const [key, value] of fields)
    if (key.startsWith('param_')) params[key.slice(6)] = value
    else if (!reserved.test(key)) settings[key] = value
  const [user, password] = userOf(request)
  const query = values.get('query')
  return {
    path: pathname,
    user,
    password,
    database: values.get('database') ?? String(request.headers['x-clickhouse-database'] ?? 'default'),
    queryId: values.get('query_id') ?? '',
    statement: query ?? body.toString(),
    body: query !== undefined && body.length > 0 ? body : undefined,
    format: values.get('default_format') ?? 'TabSeparated',
    params,
    settings,
  }
}

function partsOf(body: string, boundary: string): [string, string][] {
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [, name, value] = /name="([^"]+)".*?\r\n\r\n(.*)\r\n$/s.exec(part)!
      return [name!, value!]
    })
}

function userOf({ headers }: IncomingMessage): [string, string] {
  const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
  if (!basic) return [String(headers['x-clickhouse-user'] ?? 'default'), String(headers['x-clickhouse-key'] ?? '')]
  const [user, ...password] = Buffer.from(basic, 'base64').toString().split(':')
  return [user!, password.join(':')]
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  const names = Object.keys(settings)
  return names.length === 0 ? '' : `SETTINGS ${names.map((name) => `${name} = '${settings[name]}'`).join(', ')}`
}

/** Over HTTP, texts come escaped, and lists as the engine writes them; in process they are given as values. */
function boundValues(statement: string, params: Readonly<Record<string, string>>): Record<string, unknown> {
  const bound: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(params)) {
    const type = new RegExp(`\\{${name}:\\s*(\\w+)`).exec(statement)?.[1]
    bound[name] = type === 'Array' || type === 'Tuple' ? readLiteral(text) : unescaped(text)
  }
  return bound
}

function readLiteral(text: string): unknown {
  const tokens = text.match(/'(?:[^'\\]|\\.)*'|[[\](),]|[^[\](),\s]+/gs) ?? []
  let at = 0
  const read = (): unknown => {
    const token = tokens[at++]!
    if (token !== '[' && token !== '(')
      return token.startsWith("'") ? unescaped(token.slice(1, -1)) : /^\d+$/.test(token) ? BigInt(token) : Number(token)
    const values: unknown[] = []
    while (tokens[at] !== ']' && tokens[at] !== ')') {
      values.push(read())
      if (tokens[at] === ',') at++
    }
    at++
    return token === '(' ? new TupleParam(values) : values
  }
  return read()
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', b: '\b', f: '\f' }

const unescaped = (text: string): string => text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char)

const quoted = (name: string): string => `\`${name.replaceAll('`', '\\`')}\``

/** The HTTP status of an engine's error code, as src/Server/HTTP/exceptionCodeToHTTPStatus.cpp has it. */
function statusOf(code: number): number {
  if ([516, 497, 192, 193].includes(code)) return 403
  if ([36, 6, 38, 41, 72, 62, 117, 53, 44, 16, 27, 26].includes(code)) return 400
  if ([60, 46, 47, 50, 56, 81, 115, 63, 73].includes(code)) return 404
  if (code === 159) return 408
  if (code === 48) return 501
  return code === 439 || code === 209 ? 503 : 500
}
