import type { Json } from '../otlp/json-fields.ts'

/**
 * Converts OTLP/JSON from other spellings in use to the one of the specification: Tempo's `batches`, inside `trace` or not; ids in
 * base64, as protobuf's own JSON writes bytes; names in snake_case, as protobuf libraries can write them;
 * `instrumentationLibrarySpans`, from before OTLP 0.16. Anything else is returned as it is.
 *
 * @example standardOtlp({ batches: [] }) // { resourceSpans: [] }
 */
export function standardOtlp(request: Json): Json {
  const root = inCamelCase(isJson(request['trace']) ? request['trace'] : request)
  const { batches, ...others } = root
  const named =
    Array.isArray(batches) && root['resourceSpans'] === undefined ? { ...others, resourceSpans: batches } : root
  const spans = withScopes(named)
  return hasBase64Ids(spans) ? (withHexIds(spans) as Json) : spans
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const snakeRoots = ['resource_spans', 'resource_logs', 'resource_metrics']

// In OTLP, names of attributes are values and never keys, so only field names change.
function inCamelCase(root: Json): Json {
  return snakeRoots.some((name) => name in root) ? (camelCased(root) as Json) : root
}

function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased)
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(held),
    ]),
  )
}

function withScopes(root: Json): Json {
  const resources = root['resourceSpans']
  if (!Array.isArray(resources) || !resources.some((one) => isJson(one) && 'instrumentationLibrarySpans' in one))
    return root
  const resourceSpans = resources.map((one: unknown) => {
    if (!isJson(one) || !Array.isArray(one['instrumentationLibrarySpans'])) return one
    const { instrumentationLibrarySpans: libraries, ...resource } = one
    const scopeSpans = (libraries as readonly unknown[]).map((library) => {
      if (!isJson(library)) return library
      const { instrumentationLibrary: scope, ...rest } = library
      return { ...rest, scope }
    })
    return { ...resource, scopeSpans }
  })
  return { ...root, resourceSpans }
}

/** Whether the first span has ids in base64; all others are written the same way. */
function hasBase64Ids({ resourceSpans }: Json): boolean {
  for (const { scopeSpans } of objectsIn(resourceSpans))
    for (const { spans } of objectsIn(scopeSpans))
      for (const { traceId } of objectsIn(spans)) return hexOf(traceId, 16) !== undefined
  return false
}

const objectsIn = (list: unknown): readonly Json[] => (Array.isArray(list) ? list.filter(isJson) : [])

const idBytes: Readonly<Record<string, number>> = { traceId: 16, spanId: 8, parentSpanId: 8 }

// Spans and their links have ids.
const spanLists = ['resourceSpans', 'scopeSpans', 'spans', 'links']

function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds)
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => {
      const bytes = idBytes[key]
      if (bytes !== undefined) return [key, hexOf(held, bytes) ?? held]
      return [key, spanLists.includes(key) ? withHexIds(held) : held]
    }),
  )
}

/** Converts a number of bytes from base64 to hex; undefined if the text is something else. */
function hexOf(value: unknown, bytes: number): string | undefined {
  if (typeof value !== 'string' || value.length !== 4 * Math.ceil(bytes / 3)) return undefined
  if (!/^[\w+/-]+={0,2}$/.test(value)) return undefined
  const decoded = Buffer.from(value, 'base64')
  return decoded.length === bytes ? decoded.toString('hex') : undefined
}
