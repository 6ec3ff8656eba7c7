import { type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Chosen, spanParams } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { sql } from '../sql.ts'

/** The change in a canary, from the build marks of its spans; unknown strings are empty. */
export interface ChangeMarks {
  readonly commit: string
  readonly repository: string
  readonly change: string
  readonly author: string
  readonly merger: string
}

/** Reads the build marks of a canary from its first thousand requests since a given time. */
export async function changeMarks(
  engine: Engine,
  { service, ...chosen }: Chosen & { readonly service: string },
  sinceMs: number,
): Promise<ChangeMarks> {
  const params = spanParams(chosen)
  const from = Math.floor(sinceMs / 1000)
  const [row] = await engine.read<ChangeMarks>(marksOfChange(params), { service, from, ...params })
  return row!
}

/** The marks that say who made a change; a span may lack some of them. */
export const marksOfChange: SpanStatement = spanStatement(
  ({ spanInCanary, requests }) => sql`
  SELECT
    max(Marks['vcs.ref.head.revision']) AS commit,
    max(Marks['vcs.repository.url.full']) AS repository,
    max(Marks['vcs.change.id']) AS change,
    max(Marks['coalmine.change.author']) AS author,
    max(Marks['coalmine.change.merger']) AS merger
  FROM (
    SELECT ResourceAttributes AS Marks
    FROM ${requests}
    WHERE Service = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
      AND ${spanInCanary}
    LIMIT 1000)`,
)
