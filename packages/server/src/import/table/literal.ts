/**
 * Parses the text of a map or a list: JSON, or as ClickHouse writes it into CSV, `{'http.route':'/cart'}`, with strings in single
 * quotes, and quotes and backslashes escaped by a backslash. Undefined for anything else.
 */
export function literalOf(text: string): unknown {
  const json = jsonOf(text)
  if (json !== undefined) return json
  if (!/^\s*[{[]/.test(text)) return undefined
  return jsonOf(
    text.replace(/"|'((?:[^'\\]|\\.)*)'/gs, (all, inner: string | undefined) => {
      if (inner === undefined) return `\\${all}`
      return JSON.stringify(inner.replace(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped))
    }),
  )
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' }

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
