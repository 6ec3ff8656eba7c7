import type { Mode } from '../policy/mode.ts'
import { once } from './once.ts'
import { sequential } from './sequential.ts'
import type { Statistics } from './statistics.ts'

/** The tests of a mode. */
export function statisticsOf(mode: Mode): Statistics {
  return mode === 'sequential' ? sequential : once
}
