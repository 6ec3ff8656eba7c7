import { diag } from '@opentelemetry/api'

const said = new Set<string>()

/**
 * Warns through the OpenTelemetry API's `diag`, once per message, so that requests cannot flood the log.
 *
 * @example sayOnce('the file of revoked runs cannot be read', error) // diag.warn('coalmine: the file of revoked runs cannot be read: Error: EACCES')
 */
export function sayOnce(message: string, error?: unknown): void {
  if (said.has(message)) return
  said.add(message)
  diag.warn(error === undefined ? `coalmine: ${message}` : `coalmine: ${message}: ${error}`)
}
