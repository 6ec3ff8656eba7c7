import { expect, it } from 'vitest'
import { missingPackage } from './missing.ts'
import type { Peers } from './peers.ts'

const without = (...missing: string[]): Peers => ({
  resolve: (name) => (missing.includes(name) ? undefined : `/app/node_modules/${name}`),
  load: () => undefined,
  version: () => '1.10.0',
  from: () => without(),
})

it.each([
  ['Node', "Cannot find package '@opentelemetry/api' imported from /app/a.js", 'ERR_MODULE_NOT_FOUND'],
  ['Node’s require', "Cannot find module '@opentelemetry/api'\nRequire stack:\n- /app/a.js", 'MODULE_NOT_FOUND'],
  [
    'yarn’s Plug’n’Play, of a peer',
    "@coalmine/marks tried to access @opentelemetry/api (a peer dependency) but it isn't provided by your application; this makes the require call ambiguous and unsound.\n\nRequired package: @opentelemetry/api",
    'MODULE_NOT_FOUND',
  ],
  [
    'yarn’s Plug’n’Play, of the application’s',
    "Your application tried to access @opentelemetry/api, but it isn't declared in your dependencies; this makes the require call ambiguous and unsound.",
    'MODULE_NOT_FOUND',
  ],
])('says what to install, in the words of %s', (_, message, code) => {
  const error = Object.assign(new Error(message), { code })
  expect(missingPackage(error, without('@opentelemetry/api', '@opentelemetry/sdk-node'))).toBe(
    'not installed: @opentelemetry/api, @opentelemetry/sdk-node. Run: npm i @opentelemetry/api @opentelemetry/sdk-node',
  )
})
