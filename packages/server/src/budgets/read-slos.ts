import { parseRamp, problemsText, type RampStage, readSlos, type Slo } from '@coalmine/comparator'
import { ServerError } from '../errors.ts'

/** Reads the objectives in a request's body. Throws a ServerError of kind `usage` that names the key. */
export function slosIn(input: unknown, service?: string): readonly Slo[] {
  const read = readSlos(input, service)
  if (read.kind === 'slos') return read.slos
  if (read.kind === 'problems') throw new ServerError('usage', problemsText(read.problems))
  throw new ServerError(
    'usage',
    'slo: expected a list of objectives, not the name of a file, which only the client can read',
  )
}

/** Reads the planned ramp of a request; empty if there is none. Throws a ServerError of kind `usage`. */
export function rampIn(value: unknown): readonly RampStage[] {
  if (value === undefined) return []
  try {
    return parseRamp(typeof value === 'string' ? value : '')
  } catch (error) {
    throw new ServerError('usage', `ramp: ${(error as Error).message}`)
  }
}
