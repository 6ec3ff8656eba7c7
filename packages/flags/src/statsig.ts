import type { DynamicConfig, Experiment, FeatureGate, Layer, Statsig } from '@statsig/statsig-node-core'
import type { Evaluation } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * The same Statsig client, of which every evaluation marks its request: its own events come from another thread and
 * know no request. Gates are marked with their value, experiments and layers with the group's name. `checkGate` tells
 * nothing but the value; `getFeatureGate` tells rule, version and reason too.
 *
 * @example const statsig = coalmineClient(new Statsig(sdkKey))
 */
export function coalmineClient(client: Statsig, options?: RecordOptions): Statsig {
  const record = (evaluation: Evaluation): void => recordEvaluation({ ...evaluation, provider: 'statsig' }, options)
  return observed(client, {
    checkGate: (value, [, key]) => record({ key, value }),
    getFeatureGate: (gate, [, key]) => record({ key, value: gate.value, ...why(gate) }),
    getDynamicConfig: (config, [, key]) => record({ key, value: config.value, ...why(config) }),
    getExperiment: (experiment, [, key]) =>
      record({ key, variant: experiment.groupName ?? undefined, value: experiment.value, ...why(experiment) }),
    getLayer: (layer, [, key]) =>
      record({ key, variant: layer.groupName ?? undefined, value: layer.__value, ...why(layer) }),
  })
}

function why(
  evaluation: FeatureGate | DynamicConfig | Experiment | Layer,
): Pick<Evaluation, 'reason' | 'errorType' | 'ruleId' | 'version'> {
  const { ruleID, details } = evaluation
  // Such as `Network:Recognized`, `LocalOverride:Recognized`, `Uninitialized`.
  if (details.reason.endsWith('Unrecognized')) return { reason: 'error', errorType: 'flag_not_found' }
  if (!details.reason.endsWith('Recognized')) return { reason: 'error', errorType: 'provider_not_ready' }
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
