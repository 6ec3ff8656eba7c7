/** Reads values in ClickHouse's RowBinary format, one after another. */
export interface BinaryReader {
  readonly isAtEnd: () => boolean
  readonly flag: () => boolean
  readonly uint16: () => number
  readonly uint32: () => number
  readonly float64: () => number
  readonly text: () => string
  readonly texts: () => string[]
  readonly int16s: () => number[]
  readonly uint32s: () => number[]
}

/** Creates a reader that starts at the first byte. */
export function binaryReader(bytes: Uint8Array): BinaryReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new TextDecoder()
  let at = 0

  const length = (): number => {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = view.getUint8(at++)
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
  }
  const past = (size: number): number => {
    at += size
    return at - size
  }
  const text = (): string => {
    const size = length()
    return decoder.decode(bytes.subarray(past(size), at))
  }
  return {
    isAtEnd: () => at === bytes.length,
    flag: () => view.getUint8(past(1)) === 1,
    uint16: () => view.getUint16(past(2), true),
    uint32: () => view.getUint32(past(4), true),
    float64: () => view.getFloat64(past(8), true),
    text,
    texts: () => Array.from({ length: length() }, text),
    int16s: () => {
      const list = new Array<number>(length())
      for (let index = 0; index < list.length; index++) list[index] = view.getInt16(past(2), true)
      return list
    },
    uint32s: () => {
      const list = new Array<number>(length())
      for (let index = 0; index < list.length; index++) list[index] = view.getUint32(past(4), true)
      return list
    },
  }
}
