import { FLAG_PREFIX, FLAGS, FLAGS_TARGETED, MIXED, SERVICE_VERSION, TEST } from '@coalmine/marks'
import { expect, it } from 'vitest'
import * as queries from './queries.ts'

it('spells marks as the marks package does', () => {
  expect(queries.createRequests).toContain(`startsWith(key, '${FLAG_PREFIX}')`)
  expect(queries.createRequests).toContain(`substring(key, ${FLAG_PREFIX.length + 1})`)
  expect(queries.createRequests).toContain(`SpanAttributes['${FLAGS}']`)
  expect(queries.sampleOfTicks).toContain(`SpanAttributes['${FLAGS_TARGETED}']`)
  expect(queries.createRequests).toContain(`SpanAttributes['${TEST}'] = 'true'`)
  expect(queries.createRequests).toContain(`SpanAttributes['${SERVICE_VERSION}']`)
  expect(queries.closeTicks).toContain(`'${MIXED}'`)
})
