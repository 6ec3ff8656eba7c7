// What is judged unless something else is asked for: what options name and starter files show. It needs no schema, and loads in no time.

export { defaultPolicy } from './policy/default-policy.ts'
export { formatMargin } from './policy/margin.ts'
export { metricNameOf } from './policy/measure.ts'
export { comparedScopes, traffics } from './policy/traffic.ts'
export { parseEffect } from './replay/effect.ts'
