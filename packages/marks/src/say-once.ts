import { diag } from '@opentelemetry/api'

const said = new Set<string>()

/** Warns through the OpenTelemetry API's `diag`, the first time only: a request path must not fill the log. */
export function sayOnce(message: string): void {
  if (said.has(message) || said.size >= 100) return
  said.add(message)
  diag.warn(`coalmine: ${message}`)
}
