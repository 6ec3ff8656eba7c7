import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { answerable, type Takes } from '../errors.ts'
import { exportResponse, grpcCode, jsonType, protobufType, statusResponse } from '../otlp/otlp-response.ts'
import type { Share } from './admission.ts'
import { newBodies } from './bodies.ts'
import { retryAfterSeconds } from './receive.ts'
import { signals } from './signals.ts'
import { unpack } from './unpack.ts'

/** `POST /v1/traces` and `POST /v1/logs`: OTLP over HTTP, JSON or protobuf. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function registerOtlp(app: FastifyInstance, context: Context): Promise<void> {
  const { admission, limits, metrics } = context
  const { requestBytes } = limits
  const takes: Takes = { types: [protobufType, jsonType], bytes: requestBytes }
  const bodies = newBodies(limits)
  const shares = new WeakMap<FastifyRequest, Share>()

  const answerError = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { status, message, limit } = answerable(error, takes)
    if (limit) metrics.limited('http', limit)
    const type = typeOf(request) ?? jsonType
    if (status === 429 || status === 503) reply.header('retry-after', retryAfterSeconds)
    // The rest of a body that came too slowly is not waited for.
    if (status === 408) reply.header('connection', 'close')
    return reply
      .code(status)
      .type(type)
      .send(statusResponse(type, grpcCode(status), message))
  }

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser([jsonType, protobufType], async (request: FastifyRequest, stream: Readable) => {
      const length = request.headers['content-length']
      return bodies.read(stream, shares.get(request)!, length === undefined ? undefined : Number(length))
    })
    scope.setErrorHandler(answerError)
    scope.addHook('onRequest', async (request, reply) => {
      const share = admission.enter()
      shares.set(request, share)
      reply.raw.once('close', share.leave)
    })
    for (const { path, receive, rejected } of signals)
      scope.post(path, { bodyLimit: requestBytes }, async (request, reply) => {
        const type = typeOf(request)
        if (!type) throw answerable({ statusCode: 415 }, takes)
        const packed = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
        const body = await unpack(packed, request.headers['content-encoding'], shares.get(request)!, requestBytes)
        // It decodes before it waits for anything, so the body is free while the engine works.
        const stored = receive(context, type, body)
        bodies.done(packed)
        const refusals = await stored
        return reply.type(type).send(exportResponse(type, refusals, rejected))
      })
  })
}

function typeOf(request: FastifyRequest): string | undefined {
  const type = (request.headers['content-type'] ?? '').replace(/;.*/, '').trim().toLowerCase()
  return [jsonType, protobufType].find((known) => known === type)
}
