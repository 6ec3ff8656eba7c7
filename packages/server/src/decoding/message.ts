import type { Limit, ServerError } from '../errors.ts'
import type { Job, Part } from './job.ts'

/** What is asked of the thread that decodes: to begin a job and give its first part, to give the next one, or to leave the rest. */
export type Ask =
  | { readonly id: number; readonly job: Job }
  | { readonly id: number; readonly next: true }
  | { readonly id: number; readonly leave: true }

/** What it answers: a part, that there are no more, or what is wrong. */
export type Answer = { readonly id: number } & (
  | { readonly part: Part }
  | { readonly done: true }
  | { readonly refused: Pick<ServerError, 'kind' | 'message' | 'status'> & { readonly limit?: Limit | undefined } }
  | { readonly failed: string }
)
