/** What OTEL_RESOURCE_ATTRIBUTES says, as far as it can be understood. */
export interface ResourceAttributes {
  /** The same list without what cannot be, written so that OpenTelemetry reads it. */
  readonly list: string
  /** The pairs that are left out. */
  readonly bad: readonly string[]
}

/**
 * Reads a list of resource attributes pair by pair: OpenTelemetry drops the whole list for one bad pair, the service's
 * name included.
 *
 * @example readResourceAttributes('team=cart,region') // { list: 'team=cart', bad: ['region'] }
 */
export function readResourceAttributes(text = ''): ResourceAttributes {
  const pairs = text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => ({ pair, written: rewritten(pair) }))
  return {
    list: pairs.flatMap(({ written }) => written ?? []).join(','),
    bad: pairs.flatMap(({ pair, written }) => (written === undefined ? [pair] : [])),
  }
}

function rewritten(pair: string): string | undefined {
  const at = pair.indexOf('=')
  const key = pair.slice(0, at).trim()
  // OpenTelemetry takes keys as they are.
  if (at < 1 || !/^[!-~]+$/.test(key)) return undefined
  try {
    return `${key}=${encodeURIComponent(
      decodeURIComponent(
        pair
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      ),
    )}`
  } catch {
    return undefined
  }
}
