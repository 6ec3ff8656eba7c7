import { ServerError } from './errors.ts'

/** Where a server was to listen, and the option that says so. */
export interface Listening {
  readonly host: string
  readonly port: number
  readonly option: '--port' | '--grpc-port'
}

/** The error for an address that cannot be listened on: why, and what to do. */
export function notListening(cause: unknown, { host, port, option }: Listening): ServerError {
  const { code, message } = cause as NodeJS.ErrnoException
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const whatFor = option === '--grpc-port' ? ' for OTLP/gRPC' : ''
  const why = reasons(option)[code ?? ''] ?? message
  return new ServerError('unavailable', `cannot listen on ${address}${whatFor}: ${why}`, { cause })
}

const reasons = (option: Listening['option']): Readonly<Record<string, string>> => ({
  EADDRINUSE: `the port is in use; stop what listens there, or choose another with ${option}`,
  EACCES: `permission denied; choose a port above 1023 with ${option}`,
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own with --host',
  ENOTFOUND: 'no machine of that name is known; give an address of this one with --host',
  EAFNOSUPPORT: 'this machine has no addresses of that kind; choose another with --host',
})
