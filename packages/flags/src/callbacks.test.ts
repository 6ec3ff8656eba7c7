import { expect, it } from 'vitest'
import { coalmineListener } from './configcat.ts'
import { coalmineCallback } from './growthbook.ts'
import { coalmineHook as launchDarklyHook } from './launchdarkly.ts'
import { coalmineHook as openFeatureHook } from './openfeature.ts'
import { coalmineSplit } from './split.ts'

type Callback = (...args: unknown[]) => unknown

// A later version of an SDK may tell less than this one, and not every SDK catches.
it.each([
  ['OpenFeature', openFeatureHook().finally],
  ['OpenFeature before 1.17', openFeatureHook().after],
  ['LaunchDarkly', launchDarklyHook().afterEvaluation],
  ['Split', coalmineSplit().impressionListener.logImpression],
  ['GrowthBook', coalmineCallback()],
  ['ConfigCat', coalmineListener()],
])('the callback for %s does not throw, whatever it is given', (_, callback) => {
  for (const odd of [undefined, null, {}, 7]) expect(() => (callback as Callback)(odd, odd, odd)).not.toThrow()
})
