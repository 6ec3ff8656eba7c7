import { describe, expect, it } from 'vitest'
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
      'user_agent.synthetic.type': 'test',
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
    expect(attributes(marks)).toEqual({ 'coalmine.test': true, 'user_agent.synthetic.type': 'test' })
  })

  it.each([
    ['no entries of ours', 'a=1,b=2', {}],
    [
      'malformed entries',
      'coalmine.test,=,coalmine.flag.a=%E0%A4%A,coalmine.flag.b=on;meta=1, coalmine.flag.c = off ',
      { 'coalmine.flag.b': 'on', 'coalmine.flag.c': 'off' },
    ],
    ['control characters', 'coalmine.flag.a=on%0Aforged,coalmine.flag.b=%00', {}],
    ['long values', `coalmine.flag.a=${'x'.repeat(129)},coalmine.flag.${'k'.repeat(129)}=on`, {}],
    ['keys of objects', 'coalmine.flag.__proto__=on', { 'coalmine.flag.__proto__': 'on' }],
  ])('is read with care: %s', (_, header, expected) => {
    expect(received(header, true)).toEqual(expected)
  })

  it('costs bounded work, however large', () => {
    const header = Array.from({ length: 50_000 }, (_, i) => `coalmine.flag.${i}=on`).join(',')
    expect(Object.keys(received(header, true)).length).toBeLessThanOrEqual(64)
  })
})

function received(header: string | undefined, trusted: boolean): Record<string, unknown> {
  const marks = newMarks()
  receiveBaggage(marks, header, { trusted })
  return attributes(marks)
}

function attributes(marks: Marks): Record<string, unknown> {
  return Object.fromEntries(marks.log.map(({ key, value }) => [key, value]))
}
