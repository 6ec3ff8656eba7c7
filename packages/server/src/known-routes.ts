/**
 * The methods of the routes at a path.
 *
 * @param url as requested, with its query if any.
 * @param routes as they are registered, such as `GET /api/comparisons/:id`.
 * @example methodsFor('/api/comparisons/abc?x=1', ['GET /api/comparisons/:id']) // ['GET']
 */
export function methodsFor(url: string, routes: readonly string[]): readonly string[] {
  const asked = segmentsOf(url.replace(/[?#].*/s, ''))
  const methods = routes.flatMap((route) => {
    const [method, path] = route.split(' ') as [string, string]
    return matches(segmentsOf(path), asked) ? [method] : []
  })
  return [...new Set(methods)].toSorted()
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '')

function matches(pattern: readonly string[], asked: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*'
  const named = isOpen ? pattern.slice(0, -1) : pattern
  return (
    (isOpen ? asked.length >= named.length : asked.length === named.length) &&
    named.every((one, at) => one.startsWith(':') || one === asked[at])
  )
}
