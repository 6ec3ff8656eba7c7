import type { Limit, ServerError } from '../errors.ts'
import type { Job, Part } from './job.ts'

/** What is asked of the thread that decodes: to begin a job and give its first part, to give the next one, for which there is spare memory then, or to leave the rest. */
export type Ask =
  | { readonly id: number; readonly job: Job }
  | { readonly id: number; readonly next: true; readonly spare?: ArrayBuffer }
  | { readonly id: number; readonly leave: true }

/** What it answers: a part; that there are no more, with the memory of the job's body; or what is wrong. */
export type Answer = { readonly id: number } & (
  | { readonly part: Part }
  | { readonly done: true; readonly body?: ArrayBuffer }
  | { readonly refused: Pick<ServerError, 'kind' | 'message' | 'status'> & { readonly limit?: Limit | undefined } }
  | { readonly failed: string }
)
