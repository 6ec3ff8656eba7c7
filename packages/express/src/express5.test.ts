import { createRequire } from 'node:module'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { serveWith } from '../../../test/contract/express.ts'
import { frameworkContract } from '../../../test/contract/framework.ts'
import { coalmine } from './coalmine.ts'

const instrumentations = [new HttpInstrumentation(), new ExpressInstrumentation()]
registerInstrumentations({ instrumentations })
const require = createRequire(import.meta.url)
require('node:http')

frameworkContract({ name: 'express 5', instrumentations, serve: serveWith(require('express'), coalmine) })
