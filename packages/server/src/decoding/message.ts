import type { Limit, ServerError } from '../errors.ts'
import type { Job, Part } from './job.ts'

/** What is asked of the thread that decodes: to begin a job and give its first part, to give the next one, for which there is spare memory then, or to leave the rest. */
export type Ask =
  | { readonly id: number; readonly job: Job }
  | { readonly id: number; readonly next: true; readonly spare?: ArrayBuffer }
  | { readonly id: number; readonly leave: true }

/** Its answer: a part; the end, with the memory of the job's body; or an error. */
export type Answer = { readonly id: number } & (
  | { readonly part: Part }
  | { readonly done: true; readonly body?: ArrayBuffer }
  | { readonly refused: Pick<ServerError, 'kind' | 'message' | 'status'> & { readonly limit?: Limit | undefined } }
  | { readonly failed: string }
)
