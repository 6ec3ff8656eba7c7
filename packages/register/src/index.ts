import { createRequire } from 'node:module'
import { missingPackage } from './missing.ts'

// Importing this package is how it is used: node --import @coalmine/register app.js
// What it needs may be missing, where peers are not installed by themselves: then the application runs without it.
try {
  ;(createRequire(import.meta.url)('./register.js') as typeof import('./register.ts')).register()
} catch (error) {
  process.stderr.write(`@coalmine/register: no tracing: ${missingPackage(error)}\n`)
}
