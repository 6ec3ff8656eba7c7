import type { Readable } from 'node:stream'

/** All bytes of a stream. Those of node:stream/consumers go through a Blob, which copies them twice. */
export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
