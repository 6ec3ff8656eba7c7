import { FLAG_PREFIX, FLAGS, FLAGS_TARGETED, MIXED, SERVICE_VERSION, TEST } from '@coalmine/marks'
import { expect, it } from 'vitest'
import * as queries from './queries.ts'

it('spells marks as the marks package does', () => {
  expect(queries.createSpans).toContain(`startsWith(key, '${FLAG_PREFIX}')`)
  expect(queries.createSpans).toContain(`substring(key, ${FLAG_PREFIX.length + 1})`)
  expect(queries.createSpans).toContain(`SpanAttributes['${FLAGS}']`)
  expect(queries.sampleOfTicks).toContain(`SpanAttributes['${FLAGS_TARGETED}']`)
  expect(queries.createSpans).toContain(`SpanAttributes['${TEST}'] = 'true'`)
  expect(queries.createSpans).toContain(`SpanAttributes['${SERVICE_VERSION}']`)
  expect(queries.closeTicks).toContain(`'${MIXED}'`)
})

it("chooses cohorts alike for what is measured of every request and for measures of one's own", () => {
  const cohorts = (statement: string): string =>
    statement.slice(statement.indexOf('groupUniqArray(arrayStringConcat('), statement.indexOf('AS IsCanary'))
  expect(cohorts(queries.rawTicks)).toContain('AS IsStable')
  expect(cohorts(queries.rawMeasures)).toBe(cohorts(queries.rawTicks))
  const conditions = (statement: string): string[] =>
    [...statement.matchAll(/Tick IN \(SELECT Tick FROM coalmine_closed[^\n]*\n *AND ([^\n]*)/g)].map(
      ([, line]) => line!,
    )
  expect(conditions(queries.rawTicks)).toHaveLength(1)
  expect(conditions(queries.rawMeasures)).toEqual(conditions(queries.rawTicks))
})
