import { StoreError } from '../errors.ts'
import type { Address } from './address.ts'
import { Refusal } from './request.ts'

/** Why a request failed, for the user: which server, what is wrong, what to do. */
export function failureOf(cause: unknown, address: Address): StoreError {
  const { shown } = address
  const why = cause instanceof Refusal ? refused(cause, address) : network(cause as NodeJS.ErrnoException, address)
  return new StoreError('unavailable', `store ${shown}: ${why}`, { cause })
}

/** Whether the server never started on the request, so that any request can be retried. */
export function neverBegan(cause: unknown): boolean {
  if (cause instanceof Refusal) return cause.code === tooManyAtOnce
  return neverConnected.has(codeOf(cause))
}

/** Whether the failure may be temporary: nothing listens, the connection broke, a proxy has no server, a server is stopping. */
export function passes(cause: unknown): boolean {
  if (neverBegan(cause)) return true
  if (cause instanceof Refusal)
    return cause.code === undefined ? [502, 503, 504].includes(cause.status) : stoppingCodes.has(cause.code)
  return broken.has(codeOf(cause))
}

const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])
const broken = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])
const tooManyAtOnce = 202
// ABORTED and QUERY_WAS_CANCELLED: returned for running queries by a server that is shutting down.
const stoppingCodes = new Set([236, 394])

const untrusted = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

// Codes: src/Common/ErrorCodes.cpp of ClickHouse.
function refused({ status, code, message: told }: Refusal, { user, database, host }: Address): string {
  // The rest of the message repeats the statement.
  const message = told.split(/[:.] (?:While processing|In scope) /)[0]!.slice(0, 500)
  switch (code) {
    case undefined:
      return notClickHouse(status, told)
    case 192:
    case 193:
    case 194:
    case 516:
      return `user ${user} is not known there, or has another password; give both as https://user:password@${host}/${database}, with any of :/?#@ percent-encoded`
    case 81:
      return `there is no database ${database}; make it (CREATE DATABASE ${database}), or name another one after the host`
    case 497: {
      const grant = /the grant (.+? ON \S+)/.exec(message)?.[1]?.replace(/\.$/, '')
      return `user ${user} lacks a privilege: ${grant ? `GRANT ${grant} TO ${user}` : message}`
    }
    case 164:
      return `user ${user} may only read (its setting readonly), and this would change something: ${message}`
    case 60:
      return `a table is missing: ${message} If it is one of Coalmine's, run coalmine store init; the table of spans is made by the Collector, or by coalmine serve`
    case 159:
    case 209:
      return `a statement exceeded its time limit and was stopped: ${message} Ask for a shorter window, or give the server more resources`
    case 241:
      return `a statement exceeded its memory limit: ${message} Ask for a shorter window, or raise the limit of user ${user}`
    case tooManyAtOnce:
      return `it is already running as many statements as it allows; try again later, or raise max_concurrent_queries: ${message}`
    case 252:
      return `it has too many parts and accepts no rows until some are merged; try again later, and send larger batches: ${message}`
    case 242:
      return `its tables are read-only at the moment, as on a replica without Keeper; try again when Keeper is back: ${message}`
    case 243:
      return `its disk is full: ${message}`
    case 452:
      return `user ${user} may not change a setting: ${message}`
    default:
      return `it refused a statement: ${message} (code ${code})`
  }
}

// An HTML page or plain text: from a proxy, or from another program on the port.
function notClickHouse(status: number, body: string): string {
  const told = body
    .replace(/<style.*?<\/style>|<[^>]*>/gs, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
  const said = `HTTP ${status}${told === '' ? '' : `, "${told}"`}`
  return [502, 503, 504].includes(status)
    ? `a proxy before it has no answer from it (${said}); see whether ClickHouse is running, and try again`
    : `what answers there is no ClickHouse (${said}); name its HTTP port: 8123, or 8443 with https`
}

function network(cause: NodeJS.ErrnoException, { host }: Address): string {
  const code = codeOf(cause)
  const message = cause.message || code
  if (code === 'ECONNREFUSED')
    return `nothing listens on ${host} (${code}); is ClickHouse running, and this its HTTP port?`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name ${host} is not known here (${code})`
  if (untrusted.has(code))
    return `its certificate is not trusted (${code}: ${message}); set NODE_EXTRA_CA_CERTS to the certificate of its authority`
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('HPE_'))
    return `what answers on ${host} does not speak ${code.startsWith('HPE_') ? 'HTTP' : 'TLS'} (${code}); name ClickHouse's HTTP port: 8123, or 8443 with https`
  if (cause.message === 'Timeout error.' || cause.message.startsWith('The user aborted'))
    return `no answer in time from ${host}; is it reachable from here, or busy?`
  if (broken.has(code))
    return `the connection to ${host} broke before it had answered (${code}); if it keeps on, see its log, and whether this is its HTTP port (8123, or 8443 with https)`
  return message
}

// If a name has several addresses, each failed for a reason of its own.
function codeOf(cause: unknown): string {
  const { code, errors } = cause as { code?: string; errors?: readonly { code?: string }[] }
  return code ?? errors?.[0]?.code ?? ''
}
