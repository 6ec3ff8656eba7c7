import { globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const root = join(import.meta.dirname, '..')

/** The declarations of `@coalmine/client`, those of the comparator's that it names among them: who installs it installs nothing else. */
export const declarationsFile: string = join(root, 'packages/client/index.d.ts')

const comparator = join(root, 'packages/comparator/src/index.ts')

/** The lines of the comparator's index that the client needs something of: all of them would take a minute. */
function exportsUsed(): string {
  const used = globSync('packages/client/src/*.ts', { cwd: root })
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .flatMap((text) => [...text.matchAll(/\{([^}]*)\} from '@coalmine\/comparator'/g)])
    .flatMap(([, names]) => names!.match(/\w+/g) ?? [])
  return [...readFileSync(comparator, 'utf8').matchAll(/^export [^']*\{([^}]*)\} from '[^']*'/gm)]
    .filter(([, names]) => names!.match(/\w+/g)!.some((name) => used.includes(name)))
    .map(([line]) => line)
    .join('\n')
}

/** What is to stand in that file, from the sources as they are now. */
export async function clientDeclarations(): Promise<string> {
  const bundle = await rolldown({
    input: { index: join(root, 'packages/client/src/index.ts') },
    plugins: [
      { name: 'comparator', load: (id) => (id === comparator ? exportsUsed() : undefined) },
      dts({ dtsOnly: true, generator: 'oxc' }),
    ],
    resolve: {
      alias: { '@coalmine/comparator': comparator, '@coalmine/stats': join(root, 'packages/stats/src/index.ts') },
    },
    external: ['zod', 'yaml', 'simple-statistics', /^node:/],
  })
  const { output } = await bundle.generate({ format: 'es' })
  await bundle.close()
  const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('')
  const declarations = needed(code)
  const imported = /^import .*$/m.exec(declarations)
  if (imported) throw new Error(`the declarations of @coalmine/client would need another package: ${imported[0]}`)
  return `// Made by "npm run declarations" from the sources of client and comparator; a test says when it is to be made again.\n${declarations}`
}

/**
 * The declarations that what is exported needs, by name: in which order the others come, and what else comes with them, depends on
 * files that have nothing to do with it.
 */
function needed(code: string): string {
  // Members have doc comments, too, and some stand at the beginning of a line.
  const begins = '(?:export |declare |abstract )*(?:interface|type|class|function|const|import) '
  const parts = code.split(new RegExp(`^(?=/\\*\\*(?:(?!\\*/)[^])*\\*/\\n${begins}|${begins})`, 'm'))
  const named = new Map<string, string>()
  for (let doc = '', at = 0; at < parts.length; at++) {
    const part = parts[at]!
    if (part.startsWith('/**')) {
      doc = part
      continue
    }
    const name = /^(?:export |declare |abstract )*(?:interface|type|class|function|const|import) (\w+|\{)/.exec(
      part,
    )?.[1]
    if (name !== undefined && name !== '{') named.set(name, doc + part)
    doc = ''
  }
  const exported = parts.filter((part) => part.startsWith('export type {')).join('')
  const wanted = new Set<string>()
  const want = (text: string): void => {
    for (const name of text.replace(/\/\*[\s\S]*?\*\//g, '').match(/\w+/g) ?? []) {
      const declaration = named.get(name)
      if (declaration === undefined || wanted.has(name)) continue
      wanted.add(name)
      want(declaration)
    }
  }
  want(exported)
  for (const [name, text] of named) if (/^export /m.test(text)) want(name)
  return [...[...wanted].sort().map((name) => named.get(name)!), exported].join('')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeFile(declarationsFile, await clientDeclarations())
