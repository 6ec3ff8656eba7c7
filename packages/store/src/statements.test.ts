import { globSync } from 'node:fs'
import { join } from 'node:path'
import { FLAG_PREFIX, FLAGS, FLAGS_TARGETED, MIXED, SERVICE_VERSION, TEST } from '@coalmine/marks'
import { expect, it } from 'vitest'
import type { SpanStatement } from './cohort-texts.ts'
import { spanParams } from './comparison.ts'
import { closeTicks } from './ingest/closing.ts'
import { sampleOfTicks } from './read/sample.ts'
import { createSpans } from './schema/views.ts'
import { withoutTables } from './schema/without-tables.ts'
import { defaultTraces } from './traces.ts'

interface Statement {
  readonly file: string
  readonly name: string
  readonly text: string
}

// What is not asked of them.
const notForSpansAlone = [
  'coalmine_changes',
  'coalmine_looks',
  'coalmine_comparison_events',
  'coalmine_comparison_views',
  'coalmine_hours',
  'coalmine_summed_hours',
  'coalmine_flag_hours',
  'coalmine_summed_flag_hours',
  'coalmine_flag_days',
  'coalmine_summed_flag_days',
  'coalmine_notifications',
  'coalmine_rollouts',
  'coalmine_runs',
  'coalmine_run_ticks',
  'coalmine_run_events',
]

const byBuild = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

const isSpanStatement = (exported: unknown): exported is SpanStatement =>
  typeof exported === 'function' && 'isSpanStatement' in exported

const verbs = /^\s*(SELECT|WITH|INSERT|CREATE|ALTER|SET|SYSTEM|DROP)\b/

/** Every statement of the store: exported texts, and what exported functions make of the name of a table. */
async function statements(): Promise<Statement[]> {
  const files = globSync('**/*.ts', { cwd: import.meta.dirname, exclude: (path) => /test\.ts$|^index\.ts$/.test(path) })
  const all: Statement[] = []
  for (const file of files.sort()) {
    const module: Record<string, unknown> = await import(join(import.meta.dirname, file))
    for (const [name, exported] of Object.entries(module)) {
      if (isSpanStatement(exported)) all.push({ file, name, text: exported(spanParams(byBuild)) })
      const isMaker = typeof exported === 'function' && /^(insert|create)[A-Z]|^evaluationsIn$/.test(name)
      const text = isMaker && file !== 'sql.ts' ? exported('<table>', '<rows>', '<token>') : exported
      if (typeof text === 'string' && verbs.test(text)) all.push({ file, name, text })
    }
  }
  return all
}

it('has every statement whole, to be read and pasted', async () => {
  const all = await statements()
  expect(all.length).toBeGreaterThan(100)
  const written = all.map(({ file, name, text }) => `-- ${file}: ${name}\n${text.replace(/^\n/, '')};\n`)
  await expect(`${written.join('\n')}`).toMatchFileSnapshot('statements.golden.sql')
})

it('spells marks as the marks package does', () => {
  expect(createSpans).toContain(`startsWith(key, '${FLAG_PREFIX}')`)
  expect(createSpans).toContain(`substring(key, ${FLAG_PREFIX.length + 1})`)
  expect(createSpans).toContain(`SpanAttributes['${FLAGS}']`)
  expect(sampleOfTicks(spanParams(byBuild))).toContain(`SpanAttributes['${FLAGS_TARGETED}']`)
  expect(createSpans).toContain(`SpanAttributes['${TEST}'] = 'true'`)
  expect(createSpans).toContain(`SpanAttributes['${SERVICE_VERSION}']`)
  expect(closeTicks).toContain(`'${MIXED}'`)
})

it('gives who reads spans alone everything that statements read', async () => {
  const defined = [...withoutTables('', defaultTraces).matchAll(/^ {2}(coalmine_\w+) AS \($/gm)].map(
    ([, name]) => name!,
  )
  // What only who writes asks for.
  const writes = /^(ingest|engine|schema)\/|^(imports|retention)\.ts|\/reductions\.ts/
  const read = (await statements())
    .filter(({ file }) => !writes.test(file))
    .flatMap(({ text }) => [...text.matchAll(/\b(?:FROM|JOIN) (coalmine_\w+)/g)].map(([, name]) => name!))
    .filter((name) => !notForSpansAlone.includes(name))
  expect(read.length).toBeGreaterThan(50)
  expect(read.filter((name) => !defined.includes(name))).toEqual([])
})
