import { createRequire } from 'node:module'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { serveWith } from '../../../test/contract/express.ts'
import { frameworkContract } from '../../../test/contract/framework.ts'
import { coalmine } from './coalmine.ts'

/** Here Express 4 is installed under another name, so that both can be. */
class Express4Instrumentation extends ExpressInstrumentation {
  override init() {
    return super.init().map((definition) => Object.assign(definition, { name: 'express4' }))
  }
}

const instrumentations = [new HttpInstrumentation(), new Express4Instrumentation()]
registerInstrumentations({ instrumentations })
const require = createRequire(import.meta.url)
require('node:http')

frameworkContract({ name: 'express 4', instrumentations, serve: serveWith(require('express4'), coalmine) })
