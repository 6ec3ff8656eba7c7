import { type RequestOptions, withRequestMarks } from '@coalmine/marks'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'

/** Options of the plugin: which requests are tests, and which callers to trust. */
export type CoalmineOptions = RequestOptions<FastifyRequest>

const pluginName = '@coalmine/fastify'

/**
 * Fastify plugin that gives every request its marks. Register it before anything that evaluates a flag. It is not
 * encapsulated, so all routes of the instance are marked. It also works without an OpenTelemetry SDK: `isTestTraffic()`
 * answers either way.
 *
 * @example await app.register(coalmine, { testTraffic: (request) => request.headers['x-load-test'] !== undefined })
 */
export const coalmine: FastifyPluginCallback<CoalmineOptions> = Object.assign(
  (app: FastifyInstance, options: CoalmineOptions, done: () => void): void => {
    leaveNameOut(app)
    // The callback form: what an async hook runs in its own context ends with the hook.
    addHookWithoutSpan(app)('onRequest', (request, reply, next) => {
      withRequestMarks(request.raw, request, options, next, reply.raw)
    })
    done()
  },
  // What fastify-plugin would set: https://github.com/fastify/fastify-plugin#readme
  {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: pluginName,
    [Symbol.for('plugin-meta')]: { name: pluginName, fastify: '5.x' },
  },
)

/**
 * A plugin that is not encapsulated adds its name to that of the instance, and `@fastify/otel` names the spans of the
 * application's own handlers and hooks after that. They are to be called what they are called without this plugin.
 */
function leaveNameOut(app: object): void {
  const chain = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.pluginNameChain')
  const names = chain === undefined ? undefined : (app as Record<symbol, unknown>)[chain]
  if (Array.isArray(names) && names.length > 1 && names.at(-1) === pluginName) names.pop()
}

type AddHook = (
  name: 'onRequest',
  hook: (request: FastifyRequest, reply: FastifyReply, next: () => void) => void,
) => FastifyInstance

/**
 * `@fastify/otel` makes a span of every hook that is added, and keeps the original `addHook` under a symbol. A span
 * for ours says nothing and costs as much as the marks. Where the symbol is not found, the span is made.
 */
function addHookWithoutSpan(app: FastifyInstance): AddHook {
  return (keptAddHook(app) ?? (app.addHook as AddHook)).bind(app)
}

/** An encapsulated instance has the kept one from the instance around it, which is its prototype. */
function keptAddHook(app: object | null): AddHook | undefined {
  if (app === null) return undefined
  const symbols = Object.getOwnPropertySymbols(app)
  const kept = symbols.find((symbol) => symbol.description === 'fastify otel addhook original')
  return kept === undefined ? keptAddHook(Object.getPrototypeOf(app)) : (app as Record<symbol, AddHook>)[kept]
}
