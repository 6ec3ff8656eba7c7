/**
 * The oldest ClickHouse that the statements run on. 24.3 made the analyzer the default that reads a name given in an
 * expression where another uses it: without it (measured, 26.7) views of views fail. Of the functions, the newest is
 * `arrayFold`, of 23.10 (`introduced_in` of system.functions).
 */
export const oldestClickhouse = '24.3'

/** Whether a version, as `version()` says it, is not older than `oldest`. */
export function isSupported(version: string, oldest: string = oldestClickhouse): boolean {
  const [year = 0, month = 0] = version.split('.').map(Number)
  const [oldestYear = 0, oldestMonth = 0] = oldest.split('.').map(Number)
  return year > oldestYear || (year === oldestYear && month >= oldestMonth)
}
