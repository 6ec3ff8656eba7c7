import type { DynamicConfig, Experiment, FeatureGate, Layer, ParameterStore, Statsig } from '@statsig/statsig-node-core'
import type { Evaluation } from './evaluation.ts'
import { type Observers, observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * Wraps a Statsig client so that every evaluation marks its request; Statsig's own events come from another thread, where
 * the request is unknown. The mark of a gate is its value; that of an experiment or layer is the name of its group. Each
 * parameter read from a store is marked with its value, as `store.parameter`. `checkGate` provides only the value;
 * `getFeatureGate` also provides the rule, version and reason.
 *
 * @example const statsig = coalmineClient(new Statsig(sdkKey))
 */
export function coalmineClient(client: Statsig, options?: RecordOptions): Statsig {
  const record = (evaluation: Evaluation): void => recordEvaluation({ ...evaluation, provider: 'statsig' }, options)
  const recordExperiment = (experiment: Experiment, key: string): void =>
    record({ key, variant: experiment.groupName ?? undefined, value: experiment.value, ...why(experiment) })
  // The values in a store change independently, so each parameter that is read is a flag of its own.
  const observeStore = (store: ParameterStore): ParameterStore => {
    const { reason } = store.getEvaluationDetails()
    const error = reason.endsWith('Recognized') ? {} : whyNot(reason)
    return observed(store, {
      getValue: (value: unknown, [key]) => record({ key: `${store.name}.${key}`, value, ...error }),
    })
  }
  const observers: Observers<Statsig> = {
    checkGate: (value, [, key]) => record({ key, value }),
    getFeatureGate: (gate, [, key]) => record({ key, value: gate.value, ...why(gate) }),
    getDynamicConfig: (config, [, key]) => record({ key, value: config.value, ...why(config) }),
    getExperiment: (experiment, [, key]) => recordExperiment(experiment, key),
    getExperimentByGroupName: (experiment, [key]) => recordExperiment(experiment, key),
    getExperimentByGroupIdAdvanced: (experiment, [key]) => recordExperiment(experiment, key),
    getLayer: (layer, [, key]) =>
      record({ key, variant: layer.groupName ?? undefined, value: layer.__value, ...why(layer) }),
  }
  return observed(client, observers, { getParameterStore: observeStore })
}

function whyNot(reason: string): Pick<Evaluation, 'reason' | 'errorType'> {
  return { reason: 'error', errorType: reason.endsWith('Unrecognized') ? 'flag_not_found' : 'provider_not_ready' }
}

function why(
  evaluation: FeatureGate | DynamicConfig | Experiment | Layer,
): Pick<Evaluation, 'reason' | 'errorType' | 'ruleId' | 'version'> {
  const { ruleID, details } = evaluation
  // Such as `Network:Recognized`, `LocalOverride:Recognized`, `Uninitialized`.
  if (!details.reason.endsWith('Recognized')) return whyNot(details.reason)
  const version = details.version === undefined || details.version === null ? undefined : String(details.version)
  if (details.reason.startsWith('LocalOverride')) return { reason: 'static', version }
  if (ruleID === 'disabled') return { reason: 'disabled', version }
  if (ruleID === 'default' || ruleID === '') return { reason: 'default', version }
  return {
    reason: 'groupName' in evaluation && evaluation.groupName ? 'split' : 'targeting_match',
    ruleId: ruleID,
    version,
  }
}
