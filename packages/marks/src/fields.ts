/**
 * Returns the first value that is not blank.
 *
 * @example first(undefined, ' ', 'shop') // 'shop'
 */
export function first(...texts: (string | undefined)[]): string | undefined {
  return texts.map((text) => text?.trim()).find((text) => text !== undefined && text !== '')
}

/**
 * Returns the fields that are not undefined.
 *
 * @example defined({ service: 'shop', version: undefined }) // { service: 'shop' }
 */
export function defined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
