import { globSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const root = join(import.meta.dirname, '..')

/** The declarations of `@coalmine/client`, those of the comparator's that it names among them: who installs it installs nothing else. */
export const declarationsFile: string = join(root, 'packages/client/index.d.ts')

const indexOf = (name: string): string => join(root, 'packages', name, 'src/index.ts')
const ours = ['comparator', 'stats', 'store'] as const

/** The lines of a package's index that some files need something of: all of them would take a minute. */
function exportsUsed(name: string, files: readonly string[]): string {
  const used = files
    .map((path) => readFileSync(path, 'utf8'))
    .flatMap((text) => [...text.matchAll(new RegExp(`\\{([^}]*)\\} from '@coalmine/${name}'`, 'g'))])
    .flatMap(([, names]) => names!.match(/\w+/g) ?? [])
  return [...readFileSync(indexOf(name), 'utf8').matchAll(/^export [^']*\{([^}]*)\} from '[^']*'/gm)]
    .filter(([, names]) => names!.match(/\w+/g)!.some((name) => used.includes(name)))
    .map(([line]) => line)
    .join('\n')
}

/** All that a file exports as one file of declarations that needs no other. `sources`: the files that import from our packages. */
export async function declarationsOf(entry: string, sources: readonly string[]): Promise<string> {
  const filtered = new Map(['comparator', 'store'].map((name) => [indexOf(name), name]))
  const bundle = await rolldown({
    input: { index: entry },
    checks: { pluginTimings: false },
    plugins: [
      { name: 'ours', load: (id) => (filtered.has(id) ? exportsUsed(filtered.get(id)!, sources) : undefined) },
      dts({ emitDtsOnly: true, generator: 'oxc' }),
    ],
    resolve: { alias: Object.fromEntries(ours.map((name) => [`@coalmine/${name}`, indexOf(name)])) },
    external: (id) => !id.startsWith('.') && !id.startsWith('/') && !ours.some((name) => id === `@coalmine/${name}`),
  })
  const { output } = await bundle.generate({ format: 'es' })
  await bundle.close()
  return needed(output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join(''))
}

/** What is to stand in the client's file, from the sources as they are now. */
export async function clientDeclarations(): Promise<string> {
  const client = join(root, 'packages/client/src')
  const sources = globSync('*.ts', { cwd: client }).map((path) => join(client, path))
  const made =
    'Made by "npm run declarations" from the sources of client and comparator; a test says when it is to be made again.'
  return `// ${made}\n${await declarationsOf(join(client, 'index.ts'), sources)}`
}

/**
 * The declarations that what is exported needs, by name: in which order the others come, and what else comes with them, depends on
 * files that have nothing to do with it.
 */
function needed(code: string): string {
  // Members have doc comments, too, and some stand at the beginning of a line.
  const begins = '(?:export |declare |abstract )*(?:interface|type|class|function|const|import|module) '
  const parts = code.split(new RegExp(`^(?=/\\*\\*(?:(?!\\*/)[^])*\\*/\\n${begins}|${begins})`, 'm'))
  const [named, imported] = [new Map<string, string>(), new Map<string, string>()]
  for (let doc = '', at = 0; at < parts.length; at++) {
    const part = parts[at]!
    if (part.startsWith('/**')) {
      doc = part
      continue
    }
    const name = /^(?:export |declare |abstract )*(?:interface|type|class|function|const|import) ([\w$]+|\{)/.exec(
      part,
    )?.[1]
    if (part.startsWith('import '))
      for (const other of /\{([^}]*)\}/.exec(part)?.[1]?.match(/[\w$]+/g) ?? []) imported.set(other, part)
    else if (name !== undefined && name !== '{') named.set(name, doc + part)
    doc = ''
  }
  const exported = parts.filter((part) => part.startsWith('export type {')).join('')
  const wanted = new Set<string>()
  const want = (text: string): void => {
    for (const name of text.replace(/\/\*[\s\S]*?\*\//g, '').match(/[\w$]+/g) ?? []) {
      const declaration = named.get(name)
      if (declaration === undefined && imported.has(name))
        throw new Error(`another package is needed: ${imported.get(name)}`)
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
