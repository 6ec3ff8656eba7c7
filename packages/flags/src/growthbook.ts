import type { FeatureResult } from '@growthbook/growthbook'
import type { Evaluation } from './evaluation.ts'
import { type RecordOptions, recordFrom } from './record.ts'

/**
 * A feature usage callback for GrowthBook that marks each request with the features that were evaluated in it. An
 * experiment's variation is told by its name, where it has one, and everything else by its value. A scoped instance
 * reports a feature once: make one for each request.
 *
 * @example new GrowthBookClient({ ...options, onFeatureUsage: coalmineCallback() })
 */
export function coalmineCallback(options?: RecordOptions): (key: string, result: FeatureResult) => void {
  return (key, result) => recordFrom(() => evaluationOf(key, result), options)
}

function evaluationOf(key: string, { value, source, ruleId, experimentResult }: FeatureResult): Evaluation {
  return {
    key,
    variant: experimentResult?.inExperiment ? experimentResult.name : undefined,
    value,
    ...why(source, ruleId),
    ruleId: ruleId || undefined,
    provider: 'growthbook',
  }
}

function why(source: FeatureResult['source'], ruleId: string): Pick<Evaluation, 'reason' | 'errorType'> {
  switch (source) {
    case 'experiment':
      return { reason: 'split' }
    case 'force':
      return { reason: 'targeting_match' }
    case 'override':
      return { reason: 'static' }
    case 'prerequisite':
      return { reason: 'disabled' }
    case 'defaultValue':
      return { reason: ruleId ? 'targeting_match' : 'default' }
    case 'unknownFeature':
      return { reason: 'error', errorType: 'flag_not_found' }
    case 'cyclicPrerequisite':
      return { reason: 'error', errorType: 'general' }
  }
}
