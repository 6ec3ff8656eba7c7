import { findPeers, installCommand, type Peers } from './peers.ts'

/** What `@coalmine/register` cannot do without. */
const needed = [
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/instrumentation-http',
  '@opentelemetry/sdk-node',
  '@opentelemetry/sdk-trace',
]

/** What to install when something of this package could not be loaded; the error itself, where that is not why. */
export function missingPackage(error: unknown, peers: Peers = findPeers(process.cwd())): string {
  const message = error instanceof Error ? error.message : String(error)
  // Node's words, and those of yarn's Plug'n'Play.
  const [, name] = /(?:package|module) '([^']+)'/.exec(message) ?? /tried to access ([^\s,]+)/.exec(message) ?? []
  if (name === undefined || !/MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? ''))
    return message.split('\n')[0]!
  const missing = needed.filter((each) => peers.resolve(each) === undefined)
  return installCommand(missing.includes(name) ? missing : [name, ...missing], peers)
}
