import type { Experiment, FeatureResult, GrowthBook, GrowthBookClient, Result } from '@growthbook/growthbook'
import type { Evaluation } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordFrom } from './record.ts'

/**
 * A feature usage callback for GrowthBook that marks each request with the features evaluated in it. The mark is the name of
 * the experiment's variation, if it has one, otherwise the value. A scoped instance reports each feature once, so
 * make one for each request.
 *
 * @example new GrowthBookClient({ ...options, onFeatureUsage: coalmineCallback() })
 */
export function coalmineCallback(options?: RecordOptions): (key: string, result: FeatureResult) => void {
  return (key, result) => recordFrom(() => evaluationOf(key, result), options)
}

/**
 * Wraps a GrowthBook client or instance, so that experiments run inline mark their request, by the experiment's key:
 * GrowthBook calls no feature usage callback for those, and its tracking callback only once for each user. Instances that
 * it makes for a user are wrapped too.
 *
 * @example const client = coalmineClient(new GrowthBookClient({ ...options, onFeatureUsage: coalmineCallback() }))
 */
export function coalmineClient<T extends GrowthBookClient | GrowthBook>(client: T, options?: RecordOptions): T {
  const see = (result: Result<unknown>, [{ key }]: readonly [Experiment<unknown>, ...unknown[]]): void =>
    recordFrom(() => experimentOf(key, result), options)
  const observeScoped = (scoped: ScopedInstance): ScopedInstance => observed(scoped, { runInlineExperiment: see })
  return observed<Observable>(
    client as unknown as Observable,
    { runInlineExperiment: see, run: see },
    { createScopedInstance: observeScoped },
  ) as unknown as T
}

/** The observed methods of clients, of instances, and of the instances they create. */
interface Observable {
  runInlineExperiment(experiment: Experiment<unknown>, user: never): Result<unknown>
  run(experiment: Experiment<unknown>): Result<unknown>
  createScopedInstance(user: never): ScopedInstance
}

type ScopedInstance = ReturnType<GrowthBookClient['createScopedInstance']>

function experimentOf(key: string, { inExperiment, name, value }: Result<unknown>): Evaluation {
  const variant = inExperiment ? name : undefined
  return { key, variant, value, reason: inExperiment ? 'split' : 'default', provider: 'growthbook' }
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
