import type { LogLines, SpanBatch } from '@coalmine/store'
import type { FilePart } from '../import/file-part.ts'
import type { Refusals, TimeWindow } from '../otlp/refusals.ts'

/** A request of OTLP, as it came. */
export interface RequestJob {
  readonly kind: 'traces' | 'logs'
  /** Its content type. */
  readonly type: string
  readonly body: Uint8Array
  readonly window: TimeWindow
}

/** Bytes of a file: lines of JSON, one text of JSON, or messages that end at `ends`. The first `skip` of them are passed over. */
export type FileJob = { readonly body: Uint8Array; readonly window: TimeWindow; readonly skip?: number } & (
  | { readonly kind: 'lines' | 'text' }
  | { readonly kind: 'messages'; readonly ends: readonly number[] }
)

/** Something to decode. */
export type Job = RequestJob | FileJob

/** What a request brought. */
export interface RequestPart {
  readonly batch: SpanBatch
  readonly records: LogLines
  ignored: number
  readonly refusals: Refusals
}

/** The result of a job: one part for a request; for a file, as many as it takes to keep each small. */
export type Part = RequestPart | FilePart
