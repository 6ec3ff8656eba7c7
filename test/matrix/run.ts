// npm run matrix: what the packages are tested with, as a Markdown table. Exit code 1 when a cell fails.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packInto } from '../pack.ts'
import { check, type Start, starts } from './check.ts'
import { type Fixture, findNode, install, versionOf } from './install.ts'
import { situations, tryInstall } from './situations.ts'
import { checkTypes } from './types.ts'

interface Installation {
  readonly fixture: Fixture
  readonly express: readonly [name: string, types: string]
  readonly nodes: readonly number[]
}

const express4 = ['express@4.22.3', '@types/express@4.17.25'] as const
const express5 = ['express@5.3.0', '@types/express@5.0.6'] as const
const installations: readonly Installation[] = [
  { fixture: 'otel-2', express: express4, nodes: [20, 24] },
  { fixture: 'otel-2', express: express5, nodes: [20, 24] },
  { fixture: 'otel-3', express: express4, nodes: [24] },
  { fixture: 'otel-3', express: express5, nodes: [24] },
]

const ways = Object.keys(starts) as Start[]
const columns = ['OpenTelemetry', 'API', 'Node', 'Express', 'Fastify', 'types', ...ways]
const parent = mkdtempSync(join(tmpdir(), 'coalmine-matrix-'))
const failures: string[] = []
try {
  const packages = await packInto(parent)
  for (const situation of situations) {
    const said = await tryInstall(parent, situation, packages)
    if (said !== '')
      failures.push(`what register's README says to install where an application ${situation.row}: ${said}`)
  }
  print(columns)
  print(columns.map(() => '---'))
  for (const { fixture, express, nodes } of installations) {
    const folder = await install(parent, fixture, packages, express)
    const version = (name: string): string => versionOf(folder, name)
    const mistakes = await checkTypes(folder)
    if (mistakes !== '') failures.push(`${fixture}, ${express.join(', ')}: ${mistakes}`)
    for (const major of nodes) {
      const row = [version('@opentelemetry/sdk-trace'), version('@opentelemetry/api'), `${major}`, version('express')]
      const cells = await checkAll(folder, await findNode(major, parent), row.join(', '))
      print([...row, version('fastify'), mistakes === '' ? 'compile' : '**wrong**', ...cells])
    }
    rmSync(folder, { recursive: true })
  }
} finally {
  rmSync(parent, { recursive: true })
}
for (const failure of failures) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1

async function checkAll(folder: string, node: string, where: string): Promise<string[]> {
  const cells: string[] = []
  for (const start of ways) {
    const { spans, wrong } = await check(folder, node, start)
    failures.push(...wrong.map((each) => `${where}, ${start}: ${each}`))
    cells.push(wrong.length === 0 ? `${spans} spans` : `**${wrong.length} wrong of ${spans} spans**`)
  }
  return cells
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}
