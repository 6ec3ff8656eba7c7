import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createGenerator } from 'ts-json-schema-generator'
import { declarationsOf } from '../declarations.ts'
import { type Route, routes } from './routes.ts'

const root = join(import.meta.dirname, '../..')

/** The document that the server answers with. */
export const openApiFile: string = join(root, 'packages/server/openapi.json')

// The files of the server that types are in, and that import from our packages.
const sourcesOfServer = [
  'changes/parse-change.ts',
  'changes/routes.ts',
  'errors.ts',
  'gates/argo.ts',
  'gates/flagger.ts',
  'gates/kayenta-api.ts',
  'views/view.ts',
  'replay/plan.ts',
  'replay/calibrate.ts',
].map((path) => join(root, 'packages/server/src', path))

type Json = Readonly<Record<string, unknown>>

const ref = (type: string): Json => ({ $ref: `#/components/schemas/${type}` })

/** What is to stand in that file, from the types of the sources as they are now and the table of routes. */
export async function openApi(): Promise<string> {
  const schemas = await schemasOf(join(import.meta.dirname, 'types.ts'))
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const { path, method } = route
    paths[path] = { ...paths[path], [method]: operationOf(route) }
  }
  const manifest = readFileSync(join(root, 'packages/server/package.json'), 'utf8')
  const { version } = JSON.parse(manifest) as { readonly version: string }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Coalmine',
      description: 'Judges a canary against stable from their OpenTelemetry spans.',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'coalmine' },
      },
      schemas,
    },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function operationOf({ name, summary, right, path, query = [], body, answers }: Route): Json {
  const [, inBraces] = /\{(\w+)\}/.exec(path) ?? []
  const ofId = `The id of a ${path.includes('rollouts') ? 'rollout' : 'comparison'}.`
  const inPath =
    inBraces === undefined
      ? []
      : [
          {
            name: inBraces,
            in: 'path',
            required: true,
            schema: { type: 'string' },
            description: inBraces === 'run' ? 'The name of a test run.' : ofId,
          },
        ]
  const inQuery = query.map(({ name, required = false, about, example }) => ({
    name,
    in: 'query',
    required,
    description: about,
    schema: { type: 'string' },
    ...(example === undefined ? {} : { example }),
  }))
  const parameters = [...inPath, ...inQuery]
  const bodyContent =
    typeof body === 'string'
      ? { 'application/json': { schema: ref(body) } }
      : Object.fromEntries((body ?? []).map((type) => [type, {}]))
  return {
    operationId: name,
    summary,
    ...(right === 'none' ? { security: [] } : { description: `Needs the right \`${right}\`.` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: bodyContent } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      default: refused,
    },
  }
}

const refused: Json = { description: 'The error.', content: { 'application/json': { schema: ref('ErrorBody') } } }

function responseOf(answer: Route['answers'][number]): Json {
  if (answer === null || answer === undefined) return { description: 'Done.' }
  if (typeof answer === 'string')
    return { description: 'The answer.', content: { 'application/json': { schema: ref(answer) } } }
  if (isSeveral(answer))
    return { description: 'The answer.', content: { 'application/json': { schema: { anyOf: answer.map(ref) } } } }
  const { content, schema } = answer
  return {
    description: 'The answer.',
    content: { [content]: {}, ...(schema === undefined ? {} : { 'application/json': { schema: ref(schema) } }) },
  }
}

const isSeveral = (answer: string | object): answer is readonly string[] => Array.isArray(answer)

/** A JSON Schema of each type that a file exports. */
async function schemasOf(types: string): Promise<Json> {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-openapi-'))
  try {
    const path = join(folder, 'types.ts')
    const sources = [types, join(import.meta.dirname, 'bodies.ts'), ...sourcesOfServer]
    const declarations = await declarationsOf(types, sources)
    writeFileSync(path, exportedWhereDeclared(declarations))
    const generator = createGenerator({
      path,
      type: '*',
      skipTypeCheck: true,
      expose: 'all',
      topRef: true,
      additionalProperties: false,
    })
    const { definitions = {} } = generator.createSchema('*')
    return reachable(placed(definitions) as Readonly<Record<string, unknown>>, namesIn(declarations))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The generator looks for what is exported at its declaration. */
function exportedWhereDeclared(declarations: string): string {
  const exported = namesIn(declarations)
  return declarations
    .replace(/^export type \{[^}]*\};?$/m, '')
    .replace(/^(?:interface|type) (\w+)/gm, (line, name: string) => (exported.includes(name) ? `export ${line}` : line))
}

const namesIn = (declarations: string): string[] =>
  /^export type \{([^}]*)\};?$/m
    .exec(declarations)![1]!
    .split(',')
    .map((name) => name.trim())

/** The schemas that some are made of, by name. */
function reachable(schemas: Readonly<Record<string, unknown>>, names: readonly string[]): Json {
  const found = new Set<string>()
  const reach = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    for (const [, other] of JSON.stringify(schemas[name]).matchAll(/"#\/components\/schemas\/(\w+)"/g)) reach(other!)
  }
  names.forEach(reach)
  return Object.fromEntries([...found].sort().map((name) => [name, schemas[name]]))
}

/** Schemas where OpenAPI has them, by names that it takes. */
function placed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(placed)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === '$ref') return [key, `#/components/schemas/${plain(decodeURIComponent(value.split('/').pop()!))}`]
      return [plain(key), placed(value)]
    }),
  )
}

/** `Record<string,number>` as `Record_string_number`; a property's name stays as it is. */
const plain = (name: string): string => (/[<(]/.test(name) ? name.replace(/\W+/g, '_').replace(/_+$/, '') : name)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(openApiFile, await openApi())
