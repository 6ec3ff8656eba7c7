import { describe, expect, it, vi } from 'vitest'
import { receiveBaggage, sendBaggage } from './baggage.ts'
import { type Marks, newMarks, setFlag, setTest } from './marks.ts'

const shop = { service: 'shop', version: '2.0.0' }

describe('baggage from a trusted caller', () => {
  it('carries the test, the builds on the way, and the named flags only', () => {
    const marks = newMarks()
    setTest(marks, { kind: 'user', id: '4 2,€', run: 'load-7' })
    setFlag(marks, 'new-pricing', 'on')
    setFlag(marks, 'secret-launch', 'on')
    const header = sendBaggage(marks, shop, ['new-pricing', 'unknown'])
    expect(header).toBe(
      'coalmine.test=true,coalmine.test.run=load-7,coalmine.test.entity=user%3A4%202%2C%E2%82%AC,coalmine.via.shop=2.0.0,coalmine.flag.new-pricing=on',
    )
    expect(received(header, true)).toEqual({
      'coalmine.test': true,
      'coalmine.test.run': 'load-7',
      'coalmine.test.entity': 'user:4 2,€',
      'coalmine.via.shop': '2.0.0',
      'coalmine.flag.new-pricing': 'on',
    })
  })

  it('adds up the builds of three services', () => {
    const marks = newMarks()
    receiveBaggage(marks, 'coalmine.via.edge=7', { trusted: true })
    expect(sendBaggage(marks, shop, [])).toBe('coalmine.via.shop=2.0.0,coalmine.via.edge=7')
  })

  it('keeps within its share of the W3C limits, the test marker first', () => {
    const marks = newMarks()
    setTest(marks)
    const flags = Array.from({ length: 60 }, (_, i) => `flag-${i}`)
    for (const flag of flags) setFlag(marks, flag, 'x'.repeat(100))
    const header = sendBaggage(marks, shop, flags) ?? ''
    expect(header.length).toBeLessThanOrEqual(2048)
    expect(header.startsWith('coalmine.test=true,')).toBe(true)
  })

  it('sends nothing when there is nothing to say', () => {
    expect(sendBaggage(newMarks(), {}, ['new-pricing'])).toBeUndefined()
  })
})

describe('baggage from anybody', () => {
  it('can only claim to be a test', () => {
    const header = 'coalmine.test=true,coalmine.test.run=load-7,coalmine.flag.a=on,coalmine.via.shop=2'
    expect(received(header, false)).toEqual({ 'coalmine.test.claimed': true })
  })

  it('does not unmake what is known', () => {
    const marks = newMarks()
    setTest(marks)
    receiveBaggage(marks, 'coalmine.test=true', { trusted: false })
    expect(attributes(marks)).toEqual({ 'coalmine.test': true })
  })

  it.each([
    ['no entries of ours', 'a=1,b=2', {}],
    [
      'malformed entries',
      'coalmine.test,=,coalmine.flag.a=%E0%A4%A,coalmine.flag.b=on;meta=1, coalmine.flag.c = off ',
      { 'coalmine.flag.b': 'on', 'coalmine.flag.c': 'off' },
    ],
    ['control characters', 'coalmine.flag.a=on%0Aforged,coalmine.flag.b=%00', {}],
    ['characters that turn the writing', 'coalmine.flag.a=%E2%80%AEno,coalmine.flag.b=%E2%80%A8', {}],
    ['long values', `coalmine.flag.a=${'x'.repeat(129)},coalmine.flag.${'k'.repeat(129)}=on`, {}],
    ['keys of objects', 'coalmine.flag.__proto__=on', { 'coalmine.flag.__proto__': 'on' }],
  ])('is read with care: %s', (_, header, expected) => {
    expect(received(header, true)).toEqual(expected)
  })

  it.each([
    ['thousands of entries of ours', Array.from({ length: 50_000 }, (_, i) => `coalmine.flag.${i}=%41`).join()],
    ['thousands of others', Array.from({ length: 50_000 }, (_, i) => `coalmine.other.${i}=%41`).join()],
    ['one endless entry', `coalmine.flag.a=${'%41'.repeat(100_000)}`],
    ['nothing but commas', `coalmine.${','.repeat(100_000)}`],
    ['nothing but escapes', `coalmine.flag.a=${'%'.repeat(100_000)}`],
  ])('costs bounded work, however large: %s', (_, header) => {
    const decode = vi.spyOn(globalThis, 'decodeURIComponent')
    try {
      expect(Object.keys(received(header, true)).length).toBeLessThanOrEqual(64)
      expect(decode.mock.calls.length).toBeLessThanOrEqual(180)
      const decoded = decode.mock.calls.reduce((sum, [text]) => sum + text.length, 0)
      expect(decoded).toBeLessThanOrEqual(8192)
    } finally {
      decode.mockRestore()
    }
  })

  it('is read up to the W3C limits, and never half an entry', () => {
    const filler = 'x'.repeat(8192 - 'coalmine.flag.a=on,'.length - 'coalmine.flag.b=o,'.length)
    expect(received(`coalmine.flag.a=on,${filler},coalmine.flag.b=on,coalmine.flag.c=on`, true)).toEqual({
      'coalmine.flag.a': 'on',
    })
    const many = `${'k=v,'.repeat(179)}coalmine.flag.a=on,coalmine.flag.b=on`
    expect(received(many, true)).toEqual({ 'coalmine.flag.a': 'on' })
  })
})

function received(header: string | undefined, trusted: boolean): Record<string, unknown> {
  const marks = newMarks()
  receiveBaggage(marks, header, { trusted })
  return attributes(marks)
}

function attributes(marks: Marks): Record<string, unknown> {
  return Object.fromEntries(marks.log.marks.map(({ key, value }) => [key, value]))
}
