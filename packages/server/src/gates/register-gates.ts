import type { FastifyInstance } from 'fastify'
import type { Comparisons } from '../comparisons/comparisons.ts'
import type { Context } from '../context.ts'
import type { Links } from '../links.ts'
import { registerArgo } from './argo.ts'
import { registerFlagger } from './flagger.ts'
import { registerKayentaApi } from './kayenta-api.ts'

/** Registers the routes of delivery tools, in the tools' own protocols. They answer from the last look, without querying the store. */
export function registerGates(app: FastifyInstance, context: Context, comparisons: Comparisons, links: Links): void {
  const { now } = context
  registerArgo(app, comparisons, links, now)
  registerFlagger(app, context, comparisons, links)
  registerKayentaApi(app, comparisons, links, now)
}
