import { createContextKey, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { workContext } from './work-context.ts'

const workKey = createContextKey('work')
const otherKey = createContextKey('other')
const spans = ['a', 'b'].map((spanId) => trace.wrapSpanContext({ ...INVALID_SPAN_CONTEXT, spanId }))
const [first, second] = spans as [(typeof spans)[number], (typeof spans)[number]]
const around = trace.setSpan(ROOT_CONTEXT.setValue(otherKey, 'other'), first)

describe('a Context with work', () => {
  const active = workContext(workKey, 'work', around)

  it('holds what the Context around it does, and the work', () => {
    expect([active.getValue(workKey), active.getValue(otherKey), trace.getSpan(active)]).toEqual([
      'work',
      'other',
      first,
    ])
    expect(active.getValue(createContextKey('none'))).toBeUndefined()
  })

  it.each([
    ['a span', trace.setSpan(active, second), ['work', 'other', second]],
    ['no span', trace.deleteSpan(active), ['work', 'other', undefined]],
    ['other work', active.setValue(workKey, 'more'), ['more', 'other', first]],
    ['work once more', workContext(workKey, 'more', trace.setSpan(active, second)), ['more', 'other', second]],
    ['no work', active.deleteValue(workKey), [undefined, 'other', first]],
    ['neither work nor span', trace.deleteSpan(active).deleteValue(workKey), [undefined, 'other', undefined]],
    ['neither span nor work', trace.deleteSpan(active.deleteValue(workKey)), [undefined, 'other', undefined]],
    ['no work, its span set late', trace.setSpan(active, second).deleteValue(workKey), [undefined, 'other', second]],
    ['another value', active.setValue(otherKey, 'new'), ['work', 'new', first]],
    ['a value less', active.deleteValue(otherKey), ['work', undefined, first]],
  ])('holds what is set or deleted: %s', (_, changed, [work, other, span]) => {
    expect([changed.getValue(workKey), changed.getValue(otherKey)]).toEqual([work, other])
    expect(trace.getSpan(changed)).toBe(span)
    // It is another Context: the first one is as it was.
    expect([active.getValue(workKey), active.getValue(otherKey), trace.getSpan(active)]).toEqual([
      'work',
      'other',
      first,
    ])
  })
})
