// What a configuration file and a request say, read and checked, without what judges by it.

export { parseConfig } from './policy/config.ts'
export { readOpenSlo } from './policy/open-slo.ts'
export { parsePolicy } from './policy/policy.ts'
export { problemsText } from './policy/policy-schema.ts'
export { readSlos } from './policy/slo-schema.ts'
