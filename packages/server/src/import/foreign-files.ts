/**
 * Formats that are recognised by their first bytes but not read, each with how to convert it. A command may end with
 * `| coalmine import -`.
 */
const foreign: readonly {
  readonly name: string
  readonly magic: string | readonly number[]
  readonly instead: string
}[] = [
  { name: 'a zip archive', magic: 'PK\x03\x04', instead: 'unzip -p <file> | coalmine import -' },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], instead: 'xz -dc <file> | coalmine import -' },
  { name: 'bzip2', magic: 'BZh', instead: 'bzip2 -dc <file> | coalmine import -' },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18], instead: 'lz4 -dc <file> | coalmine import -' },
  { name: 'a 7z archive', magic: [0x37, 0x7a, 0xbc, 0xaf], instead: '7z x -so <file> | coalmine import -' },
  { name: 'UTF-16 text', magic: [0xff, 0xfe], instead: 'iconv -f UTF-16 -t UTF-8 <file> | coalmine import -' },
  { name: 'UTF-16 text', magic: [0xfe, 0xff], instead: 'iconv -f UTF-16 -t UTF-8 <file> | coalmine import -' },
  { name: 'Avro', magic: 'Obj\x01', instead: 'avro cat --format json <file>, and import the JSON if it is OTLP' },
  { name: 'an Arrow file', magic: 'ARROW1', instead: 'write the table as Parquet' },
  { name: 'ORC', magic: 'ORC', instead: 'write the table as Parquet' },
  {
    name: 'a SQLite database',
    magic: 'SQLite format 3',
    instead: 'write its table of spans as CSV, sqlite3 -csv -header, and import that',
  },
]

/** The formats that are read, for error messages. */
export const readFormats =
  'expected OTLP as JSON or protobuf, JSON of Jaeger, Zipkin or Tempo, Parquet or CSV; gzip and zstd are unpacked'

/**
 * Why a file cannot be read, from its first bytes and its first line that is not blank; undefined if it may be a text that we read.
 * Text has no control characters other than whitespace.
 */
export function refusalOfBytes(start: Buffer, firstLine: Buffer): string | undefined {
  const known = foreign.find(({ magic }) => {
    const bytes = typeof magic === 'string' ? Buffer.from(magic, 'latin1') : Buffer.from(magic)
    return start.subarray(0, bytes.length).equals(bytes)
  })
  if (known) return `this is ${known.name}, which cannot be read: ${known.instead}`
  return isText(firstLine) ? undefined : `no known format: ${readFormats}`
}

const blanks = [0x09, 0x0a, 0x0c, 0x0d]

function isText(bytes: Buffer): boolean {
  if (bytes.some((byte) => byte === 0x7f || (byte < 0x20 && !blanks.includes(byte)))) return false
  try {
    // Only the beginning of a line is examined, so its last character may be cut off.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
