import { createRequire } from 'node:module'

/** This package's own. */
export const version: string = (createRequire(import.meta.url)('../package.json') as { version: string }).version
