/** Reads a given number of bytes from a stream of chunks. */
export interface ByteReader {
  /** The next bytes; fewer at the end. */
  readonly take: (bytes: number) => Promise<Buffer>
  /** The next bytes as they arrive, at most `most`; none at the end. */
  readonly some: (most: number) => Promise<Buffer>
}

/** Creates a reader that pulls chunks as they are needed. */
export function byteReader(chunks: AsyncIterable<Buffer>): ByteReader {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  const split = (all: Buffer, bytes: number): Buffer => {
    held = all.subarray(bytes)
    return all.subarray(0, bytes)
  }
  return {
    async take(bytes) {
      const parts = [held]
      let size = held.length
      while (size < bytes) {
        const { value, done } = await source.next()
        if (done) break
        parts.push(value)
        size += value.length
      }
      return split(Buffer.concat(parts), Math.min(size, bytes))
    },
    async some(most) {
      while (held.length === 0) {
        const { value, done } = await source.next()
        if (done) return held
        held = value
      }
      return split(held, Math.min(held.length, most))
    },
  }
}
