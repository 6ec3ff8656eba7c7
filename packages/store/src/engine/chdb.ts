import { StoreError } from '../errors.ts'

/** The embedded engine, or a part of it. Throws a StoreError of kind `unavailable` where it is not installed. */
export async function loadChdb<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError(
      'unavailable',
      missing
        ? 'a store in a directory, and Parquet files, need the embedded engine, which is not installed: npm i chdb@3.4.0'
        : `the embedded engine does not load here: ${message}; use the URL of a ClickHouse server instead`,
      { cause },
    )
  }
}
