import { credentials, Metadata, makeClientConstructor, type ServiceError } from '@grpc/grpc-js'

const bytes = (buffer: Buffer): Buffer => buffer
const serializers = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
}

/** One call of `Export` with bytes as they are; gives the error, or the answer. */
export function callExport(
  grpcUrl: string,
  service: string,
  body: Buffer,
  texts: Readonly<Record<string, string>> = {},
): Promise<Buffer | ServiceError> {
  const path = `/${service}/Export`
  const method = { path, requestStream: false, responseStream: false, ...serializers }
  const Client = makeClientConstructor({ export: method }, service)
  const client = new Client(new URL(grpcUrl).host, credentials.createInsecure())
  const metadata = new Metadata()
  for (const [key, text] of Object.entries(texts)) metadata.set(key, text)
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, body, metadata, (error, answer) => {
      client.close()
      resolve(error ?? answer!)
    })
  })
}
