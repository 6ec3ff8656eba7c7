import { newSpanBatch, type RowBytes } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { Arrivals, Decoded } from './decode.ts'

/** How many refused lines are named. */
export const namedRefusals = 20

/** A line that was refused, or whose spans were not all stored. */
export interface RefusedLine {
  readonly line: number
  readonly why: string
}

/** The contents of some requests of a file. Lines count from 1; in protobuf they are messages, in Parquet rows. */
export interface FilePart extends Arrivals {
  /** The last line in it, and the offset of the next one; 0 if unknown. */
  line: number
  bytes: number
  /** Valid requests. */
  requests: number
  /** Spans of valid requests that were not stored. */
  refusedSpans: number
  /** The first refused lines, and the number of all. */
  readonly refused: RefusedLine[]
  refusedCount: number
  /** When its first bytes arrived, as in `performance.now()`. */
  since: number
}

/** Creates an empty part that begins after the given lines and bytes; it reuses the memory of `rows`. */
export function newFilePart(line: number, bytes: number, rows?: RowBytes): FilePart {
  return {
    batch: newSpanBatch(rows),
    records: [],
    ignored: 0,
    line,
    bytes,
    requests: 0,
    refusedSpans: 0,
    refused: [],
    refusedCount: 0,
    since: performance.now(),
  }
}

/** Adds the request of a line; an invalid one is counted as refused. */
export function addRequest(part: FilePart, line: number, decode: (into: Arrivals) => Decoded): void {
  part.line = line
  try {
    const { count, why, what = 'span' } = decode(part)
    part.requests++
    if (what === 'span') part.refusedSpans += count
    if (count > 0) refuseLine(part, line, `${count} ${what}${count === 1 ? '' : 's'} refused: ${why}`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    refuseLine(part, line, error.message)
  }
}

/** Counts a refused line, and lists it while there are few. */
export function refuseLine(
  counts: { readonly refused: RefusedLine[]; refusedCount: number },
  line: number,
  why: string,
): void {
  counts.refusedCount++
  if (counts.refused.length < namedRefusals) counts.refused.push({ line, why })
}
