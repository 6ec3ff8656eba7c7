import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Built into the server's package, which answers with it. Where nothing has changed since, nothing is done.
const here = import.meta.dirname
const target = join(here, '../server/page')
const print = join(here, 'dist/.print')

const sources = globSync(['src/**/*.{ts,tsx,css}', 'index.html', 'package.json', 'build.ts'], { cwd: here }).sort()
const hash = createHash('sha256')
for (const path of sources) hash.update(path).update(readFileSync(join(here, path)))
const now = hash.digest('hex')

const isBuilt = existsSync(join(target, 'index.html')) && existsSync(print) && readFileSync(print, 'utf8') === now
if (!isBuilt) {
  const { build } = await import('vite')
  await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    build: {
      outDir: target,
      emptyOutDir: true,
      target: 'es2022',
      // One file each: the report holds them whole.
      assetsDir: 'assets',
      cssCodeSplit: false,
      modulePreload: false,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  })
  mkdirSync(join(here, 'dist'), { recursive: true })
  writeFileSync(print, now)
}
