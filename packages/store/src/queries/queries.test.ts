import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLAG_PREFIX, FLAGS, FLAGS_TARGETED, MIXED, SERVICE_VERSION, TEST } from '@coalmine/marks'
import { expect, it } from 'vitest'
import { defaultTraces } from '../traces.ts'
import { closeTicks } from './closing.ts'
import { inlined } from './inlined.ts'
import { rawMeasures } from './raw-measures.ts'
import { rawTicks } from './raw-ticks.ts'
import { sampleOfTicks } from './sample.ts'
import { createSpans } from './views.ts'

it('spells marks as the marks package does', () => {
  expect(createSpans).toContain(`startsWith(key, '${FLAG_PREFIX}')`)
  expect(createSpans).toContain(`substring(key, ${FLAG_PREFIX.length + 1})`)
  expect(createSpans).toContain(`SpanAttributes['${FLAGS}']`)
  expect(sampleOfTicks).toContain(`SpanAttributes['${FLAGS_TARGETED}']`)
  expect(createSpans).toContain(`SpanAttributes['${TEST}'] = 'true'`)
  expect(createSpans).toContain(`SpanAttributes['${SERVICE_VERSION}']`)
  expect(closeTicks).toContain(`'${MIXED}'`)
})

it("chooses cohorts alike for what is measured of every request and for measures of one's own", () => {
  const cohorts = (statement: string): string =>
    statement.slice(statement.indexOf('groupUniqArray(arrayStringConcat('), statement.indexOf('AS IsCanary'))
  expect(cohorts(rawTicks)).toContain('AS IsStable')
  expect(cohorts(rawMeasures)).toBe(cohorts(rawTicks))
  const conditions = (statement: string): string[] =>
    [...statement.matchAll(/Tick IN \(SELECT Tick FROM coalmine_closed[^\n]*\n *AND ([^\n]*)/g)].map(
      ([, line]) => line!,
    )
  expect(conditions(rawTicks)).toHaveLength(1)
  expect(conditions(rawMeasures)).toEqual(conditions(rawTicks))
})

it('gives who reads spans alone everything that statements read', () => {
  const defined = [...inlined('', defaultTraces).matchAll(/^ {2}(coalmine_\w+) AS \($/gm)].map(([, name]) => name!)
  // What only who writes asks for.
  const exclude = ['closing', 'imports', 'parquet', 'reductions', 'schema', 'tables', 'queries.test'].map(
    (name) => `${name}.ts`,
  )
  const read = globSync('*.ts', { cwd: import.meta.dirname, exclude })
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/\b(?:FROM|JOIN) (coalmine_\w+)/g)].map(([, name]) => name!))
    .filter((name) => name !== 'coalmine_looks')
  expect(read.length).toBeGreaterThan(50)
  expect(read.filter((name) => !defined.includes(name))).toEqual([])
})
