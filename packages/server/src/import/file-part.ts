import { newSpanBatch, type RowBytes } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import type { Arrivals, Decoded } from './decode.ts'

/** How many refused lines are named. */
export const namedRefusals = 20

/** A line that did not go in, or not with all its spans. */
export interface RefusedLine {
  readonly line: number
  readonly why: string
}

/** What some requests of a file brought. Lines count from 1 on; of protobuf they are messages, of Parquet rows. */
export interface FilePart extends Arrivals {
  /** The last line that is in it, and where the next one begins; 0 where that is not known. */
  line: number
  bytes: number
  /** Valid requests. */
  requests: number
  /** Spans of valid requests that are not stored. */
  refusedSpans: number
  /** The first of the lines that were refused, and how many there are. */
  readonly refused: RefusedLine[]
  refusedCount: number
  /** When the first of it came, as `performance.now()` has it. */
  since: number
}

/** A part with nothing in it, after so many lines and bytes; it takes over the memory of `rows`. */
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

/** Counts a refused line, and names it while there are few. */
export function refuseLine(
  counts: { readonly refused: RefusedLine[]; refusedCount: number },
  line: number,
  why: string,
): void {
  counts.refusedCount++
  if (counts.refused.length < namedRefusals) counts.refused.push({ line, why })
}
