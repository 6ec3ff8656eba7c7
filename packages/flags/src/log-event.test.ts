import { logs } from '@opentelemetry/api'
import * as older from '@opentelemetry/api-logs'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recordEvaluation } from './record.ts'

const exporter = new InMemoryLogRecordExporter()
const provider = () => new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
const keys = () => exporter.getFinishedLogRecords().map(({ attributes }) => attributes['feature_flag.key'])

beforeEach(() => exporter.reset())
afterEach(() => {
  logs.disable()
  older.logs.disable()
})

describe('the log event', () => {
  it.each([
    ['the API, from 1.10 on', () => logs.setGlobalLoggerProvider(provider())],
    ['api-logs, before it', () => older.logs.setGlobalLoggerProvider(provider() as never)],
  ])('goes to the provider that is registered with %s, also one registered late', (_, register) => {
    recordEvaluation({ key: 'before', value: true })
    register()
    recordEvaluation({ key: 'after', value: true })
    expect(keys()).toEqual(['after'])
  })

  it('can be left out', () => {
    logs.setGlobalLoggerProvider(provider())
    recordEvaluation({ key: 'a', value: true }, { logEvent: false })
    expect(keys()).toEqual([])
  })

  it('never has an object or a long text in it', () => {
    logs.setGlobalLoggerProvider(provider())
    recordEvaluation({ key: 'a', value: { secret: 'swordfish' } })
    recordEvaluation({ key: 'b', value: 'swordfish'.repeat(9) })
    const values = exporter.getFinishedLogRecords().map(({ attributes }) => attributes['feature_flag.result.value'])
    expect(values).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/), expect.stringMatching(/^[0-9a-f]{12}$/)])
  })
})
