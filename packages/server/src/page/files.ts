import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

/** The built page: its index file, and its assets, whose names change with their content. */
export interface PageFiles {
  readonly index: string
  /** Assets by path, such as `/assets/index-Xq3.js`. */
  readonly assets: ReadonlyMap<string, PageAsset>
}

/** A file that the page loads. */
export interface PageAsset {
  readonly type: string
  readonly body: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

const folder = new URL('../../page/', import.meta.url)

/** Reads the page; undefined if it was not built, which the rest of the server does not depend on. */
export async function readPage(): Promise<PageFiles | undefined> {
  try {
    const [index, names] = await Promise.all([
      readFile(new URL('index.html', folder), 'utf8'),
      readdir(new URL('assets/', folder)),
    ])
    const assets = await Promise.all(
      names.map(async (name): Promise<[string, PageAsset]> => {
        const body = await readFile(new URL(`assets/${encodeURIComponent(name)}`, folder))
        return [`/assets/${name}`, { type: types[extname(name)] ?? 'application/octet-stream', body }]
      }),
    )
    return { index, assets: new Map(assets) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
