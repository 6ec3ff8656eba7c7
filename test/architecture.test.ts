import { existsSync, globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { clientDeclarations, declarationsFile } from './declarations.ts'
import { openApi, openApiFile } from './openapi/make.ts'

const root = join(import.meta.dirname, '..')

/** Who may import whom. Everything else is forbidden. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  marks: [],
  register: ['marks'],
  express: ['marks'],
  fastify: ['marks'],
  flags: ['marks'],
  stats: [],
  comparator: ['stats'],
  store: ['marks'],
  report: ['comparator'],
  rollout: ['comparator'],
  'span-metrics': ['comparator', 'store'],
  web: ['comparator', 'store'],
  server: ['store', 'comparator', 'report', 'rollout'],
  client: ['comparator'],
  cli: ['server', 'client', 'span-metrics', 'comparator', 'report', 'demo', 'marks'],
}

/** Who may take of whom the shapes of data alone: types, which are gone when it runs. */
const shapesAlone: Readonly<Record<string, string>> = { web: 'store', client: 'comparator' }

/** What runs inside the user's app brings nothing with it. */
const inTheApp = ['marks', 'register', 'express', 'fastify', 'flags']

/** They are started by Node itself; everything else is told what it needs. */
const entryPoints = [
  'packages/cli/src/run.ts',
  ...['ending', 'index', 'register'].map((name) => `packages/register/src/${name}.ts`),
]

const packages = globSync('packages/*/package.json', { cwd: root }).map((path) => dirname(path).split('/')[1]!)

describe.each(packages)('packages/%s', (name) => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const sources = globSync(`packages/${name}/src/**/*.{ts,tsx}`, { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: withoutComments(readFileSync(join(root, path), 'utf8')) }))
  const imports = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^'\n]+)'/g)].map(([, module]) => ({
      path,
      module: module!,
    })),
  )

  it('imports only the packages it may', () => {
    const ours = imports.flatMap(({ path, module }) => {
      const found = /^@coalmine\/([a-z-]+)/.exec(module)?.[1]
      return found && !arrows[name]!.includes(found) ? [`${path} imports ${module}`] : []
    })
    expect(ours).toEqual([])
  })

  it('takes no code where it may take shapes alone', () => {
    const code = new RegExp(`^(?:import|export)(?! type\\b)[^']*'@coalmine/${shapesAlone[name]}['/]`, 'm')
    expect(sources.filter(({ text }) => name in shapesAlone && code.test(text)).map(({ path }) => path)).toEqual([])
  })

  it('declares every package it imports', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    const undeclared = imports.filter(({ module }) => {
      if (module.startsWith('.') || module.startsWith('node:') || builtinModules.includes(module)) return false
      if (name in shapesAlone && module === `@coalmine/${shapesAlone[name]}`) return false
      const packageName = module
        .split('/')
        .slice(0, module.startsWith('@') ? 2 : 1)
        .join('/')
      return !declared.includes(packageName)
    })
    expect(undeclared).toEqual([])
  })

  it('imports inside itself by relative path, with the extension', () => {
    expect(imports.filter(({ module }) => module.startsWith('.') && !/\.(tsx?|json|css)$/.test(module))).toEqual([])
  })

  it('has no circle of files', () => {
    const importsOf = new Map(
      sources.map(({ path, text }) => [
        path,
        [...text.matchAll(/\bfrom\s+'(\.[^'\n]+)'/g)].map(([, module]) => join(dirname(path), module!)),
      ]),
    )
    expect(circlesOf(importsOf)).toEqual([])
  })

  it('says of everything it exports what it is', () => {
    const silent = globSync(`packages/${name}/src/**/*.{ts,tsx}`, { cwd: root })
      .filter((path) => !path.endsWith('.test.ts'))
      .flatMap((path) => undocumented(readFileSync(join(root, path), 'utf8')).map((line) => `${path}: ${line}`))
    expect(silent).toEqual([])
  })

  it('has a README', () => {
    expect(existsSync(join(root, 'packages', name, 'README.md'))).toBe(true)
  })

  it('leaves arguments, streams and the exit code of the process to the command line', () => {
    const touching = sources.filter(({ text }) => /\bprocess\.(argv|exit|exitCode|stdin|stdout|stderr)\b/.test(text))
    expect(touching.map(({ path }) => path).filter((path) => !entryPoints.includes(path))).toEqual([])
  })

  if (name !== 'store') {
    it('leaves every SQL statement to the store', () => {
      const statements = sources.filter(({ text }) => /\b(SELECT|INSERT INTO|CREATE TABLE|ALTER TABLE)\b/.test(text))
      expect(statements.map(({ path }) => path)).toEqual([])
    })
  }

  if (inTheApp.includes(name)) {
    it('adds no dependency to the app but our own', () => {
      expect(Object.keys(manifest.dependencies ?? {}).filter((one) => !one.startsWith('@coalmine/'))).toEqual([])
    })
  }

  if (name === 'stats' || name === 'comparator') {
    it('is pure: no clock, no chance, no file, no network', () => {
      const impure = sources.filter(({ text }) =>
        /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\bfetch\(/.test(text),
      )
      expect(impure.map(({ path }) => path)).toEqual([])
      const modules = imports.map(({ module }) => module).filter((module) => module.startsWith('node:'))
      expect(modules.filter((module) => module !== 'node:crypto')).toEqual([])
    })
  }
})

/** Each file that can be reached from itself, with the way there. */
function circlesOf(importsOf: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, way: readonly string[]): void => {
    const from = way.indexOf(path)
    if (from >= 0) circles.push([...way.slice(from), path].join(' -> '))
    if (from >= 0 || done.has(path)) return
    for (const next of importsOf.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of importsOf.keys()) visit(path, [])
  return circles
}

/** The lines that export something without a doc comment above them. Overloads and re-exports need none of their own. */
function undocumented(text: string): string[] {
  const lines = text.split('\n')
  return lines.filter((line, at) => {
    if (!/^export (default )?(declare )?(abstract )?(async )?(function|const|class|interface|type \w)/.test(line))
      return false
    const name = /(?:function\*?|const|class|interface|type) (\w+)/.exec(line)?.[1]
    const above = lines[at - 1] ?? ''
    return !above.endsWith('*/') && !new RegExp(`^export (async )?function ${name}\\b`).test(above)
  })
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

it('span metrics take nothing of the store but its selectors, and the kinds of trouble', () => {
  const sources = globSync('packages/span-metrics/src/**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(root, path), 'utf8'))
  const taken = sources.flatMap((text) =>
    [...text.matchAll(/import (.+) from '@coalmine\/store'/g)].map(([, names]) => names),
  )
  expect(taken.sort()).toEqual(['type { Trouble }', '{ parseSelector }'])
})

it('stats depends on nothing', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/stats/package.json'), 'utf8'))
  expect(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })).toEqual([])
})

it('the client depends on nothing, and its declarations are those of the sources', async () => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/client/package.json'), 'utf8'))
  expect(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })).toEqual([])
  const isMade = readFileSync(declarationsFile, 'utf8') === (await clientDeclarations())
  expect(isMade, 'packages/client/index.d.ts is not of these sources: run "npm run declarations"').toBe(true)
}, 600_000)

it('the OpenAPI document is made of the types that routes take and answer', async () => {
  const isMade = readFileSync(openApiFile, 'utf8') === (await openApi())
  expect(isMade, 'packages/server/openapi.json is not of these types: run "npm run declarations"').toBe(true)
}, 600_000)

it('the lock file has every package that one of its own names, so that a clean install takes it', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: object; dependencies?: object }>
  }
  const found = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)))
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !found.has(name))
      .map((name) => `${name}, of ${path}`),
  )
  expect(missing).toEqual([])
})
