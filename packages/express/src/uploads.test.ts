import type http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentTraffic } from '@coalmine/marks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import busboy from 'busboy'
import type express from 'express'
import type multer from 'multer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noSdk, useSdk } from '../../../test/contract/sdk.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new ExpressInstrumentation()]
registerInstrumentations({ instrumentations })
const require = createRequire(import.meta.url)
require('node:http')

let server: http.Server
beforeAll(async () => {
  server = uploads().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
})
afterAll(() => server.close().closeAllConnections())

describe.each<[string, () => Promise<void>]>([
  ['without an SDK', async () => noSdk({ instrumentations })],
  ['with one', () => useSdk({ instrumentations }, { sampled: true })],
  ['with one that samples nothing', () => useSdk({ instrumentations }, { sampled: false })],
  ['with one that has no propagator', () => useSdk({ instrumentations }, { sampled: true, propagator: false })],
])('a body is read as a part of its request, %s', (_, prepare) => {
  beforeAll(prepare)

  it.each(['data', 'iterator', 'pipeline', 'paused', 'multer1', 'multer2', 'busboy', 'error'])('%s', async (how) => {
    expect(await seen(how, { 'x-test': '1' })).toEqual(['test'])
    expect(await seen(how)).toEqual(['users'])
  })
})

/** What is told wherever the body is read in this way. */
async function seen(how: string, headers: Record<string, string> = {}): Promise<unknown> {
  const form = new FormData()
  form.append('note', 'two files')
  for (const name of ['a', 'b']) form.append('files', new Blob([new Uint8Array(200_000)]), name)
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/${how}`, { method: 'POST', body: form, headers })
  return response.json()
}

function uploads(): express.Express {
  const app = (require('express') as typeof express)()
  app.use(coalmine({ testTraffic: (req) => req.get('x-test') !== undefined }))
  for (const [how, read] of Object.entries(readers)) {
    app.post(`/${how}`, async (req, res, next) => {
      const told = new Set<string>()
      try {
        await read(req, res, () => told.add(currentTraffic()))
        res.json([...told])
      } catch (error) {
        next(error)
      }
    })
  }
  app.post('/error', () => {
    throw new Error('on purpose')
  })
  app.use(((_error, req, res, _next) => {
    const told = new Set([currentTraffic()])
    req.on('data', () => told.add(currentTraffic()))
    req.on('end', () => void res.json([...told]))
  }) as express.ErrorRequestHandler)
  return app
}

type Reader = (req: express.Request, res: express.Response, see: () => void) => Promise<unknown>

const readers: Record<string, Reader> = {
  data: (req, _res, see) =>
    new Promise((resolve) => {
      see()
      req.on('data', see)
      req.on('end', () => resolve(see()))
    }),
  async iterator(req, _res, see) {
    for await (const _ of req) see()
  },
  pipeline: (req, _res, see) => pipeline(req, slowly(see)),
  paused: (req, _res, see) =>
    new Promise((resolve) => {
      req.on('readable', () => {
        while (req.read() !== null) see()
      })
      req.on('end', () => resolve(see()))
    }),
  multer1: withMulter('multer1'),
  multer2: withMulter('multer'),
  busboy: (req, _res, see) =>
    new Promise((resolve, reject) => {
      const parts = busboy({ headers: req.headers })
      parts.on('field', see)
      parts.on('file', (_name, file) => void file.on('data', see).on('end', see))
      parts.on('close', () => resolve(see())).on('error', reject)
      req.pipe(parts)
    }),
}

/** A storage of one's own, as for S3, sees the file as it comes. */
function withMulter(name: string): Reader {
  const upload = require(name) as typeof multer
  return (req, res, see) =>
    new Promise((resolve, reject) => {
      const storage: multer.StorageEngine = {
        _handleFile(_req, { stream }, done) {
          see()
          pipeline(stream, slowly(see)).then(() => done(null, {}), done)
        },
        _removeFile: (_req, _file, done) => done(null),
      }
      const fileFilter: multer.Options['fileFilter'] = (_req, _file, done) => {
        see()
        done(null, true)
      }
      const middleware = upload({ storage, fileFilter }).array('files')
      middleware(req, res, (error) => (error ? reject(error) : resolve(see())))
    })
}

function slowly(see: () => void): Writable {
  return new Writable({
    highWaterMark: 1000,
    write(_chunk, _encoding, done) {
      see()
      sleep(1).then(() => done())
    },
  })
}
