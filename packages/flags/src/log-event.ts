import * as api from '@opentelemetry/api'
import type { Evaluation } from './evaluation.ts'

/**
 * Emits the log event of one evaluation. The value is logged as it is in the mark: never an object or a long string.
 * https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/
 *
 * @example logEvaluation({ key: 'new-pricing', variant: 'on' }, 'on') // emits feature_flag.evaluation
 */
export function logEvaluation(evaluation: Evaluation, marked: string): void {
  const logger = currentLogger()
  if (!logger || logger.enabled?.({ eventName: evaluationEventName }) === false) return
  const attributes: Record<string, string> = { 'feature_flag.key': evaluation.key }
  attributes[evaluation.variant ? 'feature_flag.result.variant' : 'feature_flag.result.value'] = marked
  if (evaluation.provider !== undefined) attributes['feature_flag.provider.name'] = evaluation.provider
  if (evaluation.reason !== undefined) attributes['feature_flag.result.reason'] = evaluation.reason
  if (evaluation.version !== undefined) attributes['feature_flag.version'] = evaluation.version
  if (evaluation.ruleId !== undefined) attributes['coalmine.rule.id'] = evaluation.ruleId
  if (evaluation.errorType !== undefined) attributes['error.type'] = evaluation.errorType
  logger.emit({ eventName: evaluationEventName, attributes })
}

const evaluationEventName = 'feature_flag.evaluation'
const scope = '@coalmine/flags'

interface Logger {
  emit(record: { readonly eventName: string; readonly attributes: Record<string, string> }): void
  /** Missing in older loggers. */
  enabled?(options: { readonly eventName: string }): boolean
}

interface LoggerProvider {
  getLogger(name: string): Logger
}

let provider: LoggerProvider | undefined
let logger: Logger | undefined

/** Checked on every call, since a provider may be registered late or replaced; only creating a logger is expensive. */
function currentLogger(): Logger | undefined {
  const current = olderProvider() ?? apiProvider()
  if (current !== provider) {
    provider = current
    logger = current?.getLogger(scope)
  }
  return logger
}

/** The API itself includes logs from 1.10 on. */
function apiProvider(): LoggerProvider | undefined {
  return (api as { readonly logs?: { getLoggerProvider(): LoggerProvider } }).logs?.getLoggerProvider()
}

/** Before 1.10, @opentelemetry/api-logs registers under its own symbol, with version 1 of its contract. */
function olderProvider(): LoggerProvider | undefined {
  const registered = globalThis as { readonly [olderApi]?: (version: number) => LoggerProvider }
  return registered[olderApi]?.(1)
}

const olderApi: unique symbol = Symbol.for('io.opentelemetry.js.api.logs') as never
