import { DiagLogLevel, diag } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, it } from 'vitest'
import { MarkProcessor } from './processor.ts'

it('says once that an SDK does not call onEnding', () => {
  const said: string[] = []
  const log = (message: string) => void said.push(message)
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN)
  const marks = new MarkProcessor({ build: {} })
  // What an SDK before 2.3 does with a processor.
  const older = {
    onStart: marks.onStart.bind(marks),
    onEnd: marks.onEnd.bind(marks),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const tracer = new TracerProvider({ spanProcessors: [older] }).getTracer('test')
  tracer.startSpan('one').end()
  tracer.startSpan('two').end()
  expect(said).toEqual([expect.stringContaining('does not call onEnding')])
})
