/** The result of one flag evaluation, independent of the flag SDK. It does not identify the user. */
export interface Evaluation {
  readonly key: string
  /** The variant's name, if the SDK names variants. */
  readonly variant?: string | undefined
  readonly value?: unknown
  readonly reason?: Reason | undefined
  /** The SDK's identifier of the rule that decided. */
  readonly ruleId?: string | undefined
  /** The version of the flag's definition. */
  readonly version?: string | undefined
  /** The flag service, such as `launchdarkly`. */
  readonly provider?: string | undefined
  readonly errorType?: ErrorType | undefined
  /** True if all flags were read at once. Of hundreds, those that are read one by one are marked first. */
  readonly bulk?: boolean
}

/** Why a flag had its value. https://opentelemetry.io/docs/specs/semconv/registry/attributes/feature-flag/#feature-flag-result-reason */
export type Reason =
  | 'static'
  | 'default'
  | 'targeting_match'
  | 'split'
  | 'cached'
  | 'disabled'
  | 'stale'
  | 'error'
  | 'unknown'

/** Why an evaluation failed. https://opentelemetry.io/docs/specs/semconv/feature-flags/feature-flags-events/ */
export type ErrorType =
  | 'flag_not_found'
  | 'general'
  | 'invalid_context'
  | 'parse_error'
  | 'provider_fatal'
  | 'provider_not_ready'
  | 'targeting_key_missing'
  | 'type_mismatch'
