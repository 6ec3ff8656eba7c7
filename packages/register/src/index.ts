import { createRequire } from 'node:module'
import { missingPackage } from './missing.ts'
import { loadWithoutApi, whyNoApi } from './without-api.ts'

// Importing this package is how it is used: node --import @coalmine/register app.js
// What it needs may be missing, where peers are not installed by themselves: then the application runs without it.
try {
  const why = whyNoApi()
  if (why !== undefined) {
    // Before anything imports it in vain: Node remembers that.
    loadWithoutApi()
    throw why
  }
  ;(createRequire(import.meta.url)('./register.js') as typeof import('./register.ts')).register()
} catch (error) {
  process.stderr.write(`@coalmine/register: no tracing: ${missingPackage(error)}\n`)
}
