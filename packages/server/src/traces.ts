import { newSpanBatch } from '@coalmine/store'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MAX_BODY_BYTES, unpackedBody } from './body.ts'
import type { Context } from './context.ts'
import { answerable, ServerError, type Takes } from './errors.ts'
import { decodeJson } from './otlp-json.ts'
import { decodeProtobuf } from './otlp-protobuf.ts'
import { exportResponse, grpcCode, JSON_TYPE, PROTOBUF_TYPE, statusResponse } from './otlp-response.ts'
import { timeWindow } from './refusals.ts'

const RETRY_AFTER_SECONDS = 2

const takes: Takes = { types: [PROTOBUF_TYPE, JSON_TYPE], bytes: MAX_BODY_BYTES }

/**
 * `POST /v1/traces`: OTLP over HTTP, JSON or protobuf. It answers when the engine has the spans, so what was acknowledged
 * survives a crash. https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export async function registerTraces(app: FastifyInstance, { store, now }: Context): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      [JSON_TYPE, PROTOBUF_TYPE],
      { parseAs: 'buffer' },
      async (_: unknown, body: Buffer) => body,
    )
    scope.setErrorHandler(answerError)
    scope.post('/v1/traces', { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
      const type = typeOf(request)
      if (!type) throw answerable({ statusCode: 415 }, takes)
      const body = await unpackedBody(
        (request.body as Buffer | undefined) ?? Buffer.alloc(0),
        request.headers['content-encoding'],
      )
      // Rows repeat the resource, so they are longer than the request; growing costs a copy.
      const batch = newSpanBatch(body.length * 2)
      const window = timeWindow(now(), store.retentionDays)
      const refusals =
        type === JSON_TYPE ? decodeJson(batch, parseJson(body), window) : decodeProtobuf(batch, body, window)
      await store.insert(batch)
      return reply.type(type).send(exportResponse(type, refusals))
    })
  })
}

async function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { status, message } = answerable(error, takes)
  const type = typeOf(request) ?? JSON_TYPE
  if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS)
  return reply
    .code(status)
    .type(type)
    .send(statusResponse(type, grpcCode(status), message))
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new ServerError('malformed', `the body is not JSON: ${(cause as Error).message}`, { cause })
  }
}

function typeOf(request: FastifyRequest): string | undefined {
  const type = (request.headers['content-type'] ?? '').replace(/;.*/, '').trim().toLowerCase()
  return [JSON_TYPE, PROTOBUF_TYPE].find((known) => known === type)
}
