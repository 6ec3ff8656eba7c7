/** A request of OTLP JSON, as a collector gets it. */
export interface OtlpJson {
  /** Where it came to, where that matters. */
  readonly path?: string
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly { name: string; kind: number; attributes: readonly OtlpAttribute[] }[]
    }[]
  }[]
}

interface OtlpAttribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

/** A span, with what its resource says, as plain objects. */
export interface PlainSpan {
  readonly path: string | undefined
  readonly name: string
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
}

/** The spans of several requests, in their order. */
export function plainSpans(requests: readonly OtlpJson[]): PlainSpan[] {
  return requests.flatMap(({ path, resourceSpans }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map(({ name, kind, attributes }) => ({
          path,
          name,
          kind,
          attributes: plain(attributes),
          resource: plain(resource.attributes),
        })),
      ),
    ),
  )
}

function plain(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
