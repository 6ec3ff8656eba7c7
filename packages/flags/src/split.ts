/// <reference types="@splitsoftware/splitio" preserve="true" />
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { observed } from './observed.ts'
import { markEvaluation, type RecordOptions, recordEvaluation, recordFrom } from './record.ts'

type Client = SplitIO.IClient | SplitIO.IAsyncClient

/**
 * Marks requests with the treatments of Split's SDK. It has two parts, and needs both: `client` wraps the client, and marks
 * the request at once; `impressionListener` adds the rule and the version, which Split reports only later, and not for
 * unknown flags.
 *
 * @example
 * const split = coalmineSplit()
 * const factory = SplitFactory({ ...settings, impressionListener: split.impressionListener })
 * const client = split.client(factory.client())
 */
export function coalmineSplit(options?: RecordOptions): {
  readonly impressionListener: SplitIO.IImpressionListener
  readonly client: <T extends Client>(client: T) => T
} {
  return {
    impressionListener: {
      logImpression: (data) => recordFrom(() => evaluationOf(data), options),
    },
    client: <T extends Client>(client: T): T => {
      const see = (key: string, treatment: string | SplitIO.TreatmentWithConfig): void => {
        const evaluation = { key, variant: typeof treatment === 'string' ? treatment : treatment.treatment, provider }
        if (evaluation.variant === 'control' && client.getStatus().isReady) {
          // The only kind of evaluation without an impression.
          recordEvaluation({ ...evaluation, reason: 'error', errorType: 'flag_not_found' }, options)
        } else {
          markEvaluation(evaluation)
        }
      }
      const seeOne = (result: string | SplitIO.TreatmentWithConfig, args: readonly unknown[]): void =>
        see(String(args[1]), result)
      const seeAll = (results: SplitIO.Treatments | SplitIO.TreatmentsWithConfig): void => {
        for (const [key, treatment] of Object.entries(results)) see(key, treatment)
      }
      return observed<SplitIO.IClient>(client as SplitIO.IClient, {
        getTreatment: seeOne,
        getTreatmentWithConfig: seeOne,
        getTreatments: seeAll,
        getTreatmentsWithConfig: seeAll,
        getTreatmentsByFlagSet: seeAll,
        getTreatmentsWithConfigByFlagSet: seeAll,
        getTreatmentsByFlagSets: seeAll,
        getTreatmentsWithConfigByFlagSets: seeAll,
      }) as Client as T
    },
  }
}

const provider = 'split'

function evaluationOf({ impression }: SplitIO.ImpressionData): Evaluation {
  const { feature, treatment, label, changeNumber } = impression
  const version = changeNumber > 0 ? String(changeNumber) : undefined
  return { key: feature, variant: treatment, ...why(label), version, provider }
}

/** Labels other than customers' own rules. https://github.com/splitio/javascript-commons/blob/main/src/utils/labels/index.ts */
function why(label: string): Pick<Evaluation, 'reason' | 'errorType' | 'ruleId'> {
  const errorType = errors[label.replace(/^fallback - /, '')]
  if (errorType) return { reason: 'error', errorType }
  const reason = reasons[label]
  return reason ? { reason } : { reason: 'targeting_match', ruleId: label }
}

const errors: Readonly<Record<string, ErrorType>> = {
  'not ready': 'provider_not_ready',
  'definition not found': 'flag_not_found',
  exception: 'general',
  'targeting rule type unsupported by sdk': 'parse_error',
}

const reasons: Readonly<Record<string, Reason>> = {
  killed: 'disabled',
  archived: 'disabled',
  'prerequisites not met': 'disabled',
  'default rule': 'default',
  'not in split': 'default',
}
