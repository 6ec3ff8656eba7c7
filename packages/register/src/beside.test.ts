import { diag, trace } from '@opentelemetry/api'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { hasLogger, tellWhenReplaced } from './beside.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  trace.disable()
  diag.disable()
})

it.each([
  ['the one that ran', false],
  ['another', true],
])('says that another SDK has taken the place of ours when the one that runs is %s', (_, isReplaced) => {
  const said: string[] = []
  trace.setGlobalTracerProvider(new TracerProvider())
  tellWhenReplaced((message) => said.push(message))
  if (isReplaced) {
    // As Azure's does.
    trace.disable()
    trace.setGlobalTracerProvider(new TracerProvider())
  }
  vi.advanceTimersByTime(5000)
  expect(said).toHaveLength(isReplaced ? 1 : 0)
})

it('knows whether another SDK has set a logger', () => {
  expect(hasLogger()).toBe(false)
  const say = (): void => undefined
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say })
  expect(hasLogger()).toBe(true)
})
