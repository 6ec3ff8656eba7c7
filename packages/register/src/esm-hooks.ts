import { createRequire, register } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Only these are hooked: over every module, the hook breaks those that export a `let` and set it later. */
const instrumented = ['http', 'https', 'node:http', 'node:https', 'express', 'router']

/**
 * Lets instrumentations see what the application imports as ES modules, in this thread where Node can do that safely
 * and through a loader thread where it cannot. CommonJS needs neither. `instrumentation` is a file of any of them: the
 * hook must be the copy that they use.
 */
export function loadEsmHooks(instrumentation: string): void {
  const base = createRequire(createRequire(instrumentation).resolve('@opentelemetry/instrumentation'))
  const include = instrumented
  if (supportsSyncHooks(base)) {
    const hooks = base('import-in-the-middle/register-hooks.mjs') as { register(options: object): void }
    hooks.register({ include })
  } else {
    register(pathToFileURL(base.resolve('import-in-the-middle/hook.mjs')), { data: { include } })
  }
}

/** Import-in-the-middle knows since 3.5; an older one has no hooks of that kind. */
function supportsSyncHooks(require: NodeJS.Require): boolean {
  try {
    return (
      require('import-in-the-middle/supports-sync-hooks.mjs') as { supportsSyncHooks(): boolean }
    ).supportsSyncHooks()
  } catch {
    return false
  }
}
