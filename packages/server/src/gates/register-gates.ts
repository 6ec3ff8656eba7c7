import type { FastifyInstance } from 'fastify'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
import type { Links } from '../links.ts'
import { registerArgo } from './argo.ts'
import { registerFlagger } from './flagger.ts'
import { registerKayentaApi } from './kayenta-api.ts'

/** What delivery tools ask, in their own words: they answer from the last look, without a question to the store. */
export function registerGates(app: FastifyInstance, context: Context, comparisons: Comparisons, links: Links): void {
  const { now } = context
  registerArgo(app, comparisons, links, now)
  registerFlagger(app, context, comparisons, links)
  registerKayentaApi(app, comparisons, links, now)
}
