import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { answerable, type Takes } from '../errors.ts'
import { exportResponse, grpcCode, jsonType, protobufType, statusResponse } from '../otlp/otlp-response.ts'
import { newAdmission } from './admission.ts'
import { newBodies } from './bodies.ts'
import { maxBodyBytes, unpackedBody } from './body.ts'
import { retryAfterSeconds } from './receive.ts'
import { signals } from './signals.ts'

const takes: Takes = { types: [protobufType, jsonType], bytes: maxBodyBytes }

const maxBytesUnderWay = 8 * maxBodyBytes

/** `POST /v1/traces` and `POST /v1/logs`: OTLP over HTTP, JSON or protobuf. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function registerOtlp(app: FastifyInstance, context: Context): Promise<void> {
  const admission = newAdmission(maxBytesUnderWay)
  const bodies = newBodies(maxBodyBytes)
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser([jsonType, protobufType], async ({ headers }: FastifyRequest, stream: Readable) => {
      const length = headers['content-length']
      return bodies.read(stream, length === undefined ? undefined : Number(length))
    })
    scope.setErrorHandler(answerError)
    scope.addHook('onRequest', async ({ headers }, reply) => {
      reply.raw.once('close', admission.enter(Number(headers['content-length'] ?? maxBodyBytes)))
    })
    for (const { path, receive, rejected } of signals)
      scope.post(path, { bodyLimit: maxBodyBytes }, async (request, reply) => {
        const type = typeOf(request)
        if (!type) throw answerable({ statusCode: 415 }, takes)
        const packed = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
        const body = await unpackedBody(packed, request.headers['content-encoding'])
        // It decodes before it waits for anything, so the body is free while the engine works.
        const stored = receive(context, type, body)
        bodies.done(packed)
        const refusals = await stored
        return reply.type(type).send(exportResponse(type, refusals, rejected))
      })
  })
}

async function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { status, message } = answerable(error, takes)
  const type = typeOf(request) ?? jsonType
  if (status === 429 || status === 503) reply.header('retry-after', retryAfterSeconds)
  return reply
    .code(status)
    .type(type)
    .send(statusResponse(type, grpcCode(status), message))
}

function typeOf(request: FastifyRequest): string | undefined {
  const type = (request.headers['content-type'] ?? '').replace(/;.*/, '').trim().toLowerCase()
  return [jsonType, protobufType].find((known) => known === type)
}
