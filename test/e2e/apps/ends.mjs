// Serves requests, and ends in the way that its first argument names; `up PORT` says that it listens.
import cluster from 'node:cluster'
import http from 'node:http'
import { isMainThread, Worker } from 'node:worker_threads'

const [, file, ending] = process.argv
const server = http.createServer((req, res) => {
  res.setHeader('connection', 'close')
  const respond = routes[req.url] ?? (() => res.end('ok'))
  respond(res)
})
const routes = {
  '/boom': () => {
    setImmediate(() => {
      throw new TypeError('bad build')
    })
  },
  '/reject': () => void Promise.reject(new RangeError('nobody awaits this')),
  '/exit': (res) => res.end('ok', () => setImmediate(() => process.exit(3))),
  '/close': (res) => res.end('ok', () => server.close()),
}
const drain = () => server.close(() => process.exit(0))
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']

const endings = {
  'does nothing': () => process.on('SIGTERM', () => console.log('not yet')),
  drains: () => process.on('SIGTERM', drain),
  'drains once': () => process.once('SIGTERM', drain),
  // As `death` and most of its kind: a handler for each signal, which ends the process itself.
  'cleans up': () => {
    for (const signal of signals)
      process.on(signal, () => setImmediate(() => process.exit(signal === 'SIGINT' ? 130 : 143)))
  },
  'listens before others': () => process.prependOnceListener('SIGTERM', drain),
  'has signal-exit 3': async () => (await import('signal-exit-3')).default(() => console.log('hook')),
  'has signal-exit 4': async () => (await import('signal-exit')).onExit(() => console.log('hook')),
  'has both, and a handler that was there and has gone': async () => {
    await endings['has signal-exit 3']()
    await endings['has signal-exit 4']()
    process.on('SIGTERM', drain).off('SIGTERM', drain)
  },
}

await endings[ending]?.()
if (ending === 'has a thread' && isMainThread) {
  // It serves; the main thread ends, and it with it.
  new Worker(file, { argv: [ending] })
} else if (ending === 'is a cluster' && cluster.isPrimary) cluster.fork()
else server.listen(0, '127.0.0.1', () => console.log(`up ${server.address().port}`))
