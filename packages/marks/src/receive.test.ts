import { describe, expect, it } from 'vitest'
import { sendBaggage } from './baggage.ts'
import { type Marks, newMarks } from './marks.ts'
import { type InboundTrust, receiveMarks } from './receive.ts'
import { type Marker, signMarker } from './signature.ts'

const key = { id: 'k1', secret: 's'.repeat(32) }
const markers = { keys: [key] }

describe('a signed marker', () => {
  it('goes along through a service that trusts its caller and has no keys', () => {
    const marker = signed({ run: 'load-7' })
    const marks = received({ baggage: `coalmine.test.marker=${marker},coalmine.test=true` }, { trusted: true })
    expect(sendBaggage(marks, {}, [])).toBe(`coalmine.test.marker=${marker},coalmine.test=true`)
  })

  it('goes no further once it is refused, even where the service then calls it a test itself', () => {
    const marks = received({ 'coalmine-test': signed({ expiresAt: 1 }) }, { trusted: false, markers })
    expect(marks).toMatchObject({ test: false, marker: undefined })
    expect(sendBaggage(marks, {}, [])).toBeUndefined()
  })

  it('that ends between two services is a test in both', () => {
    const ended = signed({ expiresAt: Date.now() - 45_000 })
    expect(received({ 'coalmine-test': ended }, { trusted: false, markers }).test).toBe(false)
    expect(received({ baggage: `coalmine.test.marker=${ended}` }, { trusted: false, markers }).test).toBe(true)
    const long = signed({ expiresAt: Date.now() - 61_000 })
    expect(received({ baggage: `coalmine.test.marker=${long}` }, { trusted: false, markers }).test).toBe(false)
  })

  it('vouches for the test alone, and not for what else the baggage says', () => {
    const baggage = `coalmine.test.marker=${signed({ run: 'load-7' })},coalmine.flag.a=on,coalmine.test.entity=user:1`
    expect(attributes(received({ baggage }, { trusted: false, markers }))).toEqual({
      'coalmine.test': true,
      'coalmine.test.run': 'load-7',
      'coalmine.test.expires': expect.stringMatching(/^20.*Z$/),
    })
  })

  it.each([
    ['sent twice', (good: string) => ({ 'coalmine-test': `${good}, ${good}` })],
    ['behind one that is refused', (good: string) => ({ 'coalmine-test': `v1.k9.a.b, ${good}` })],
    ['in the baggage, where the header is refused', (good: string) => ({ 'coalmine-test': 'x', ...inBaggage(good) })],
    ['in the baggage, where the header is empty', (good: string) => ({ 'coalmine-test': ' ', ...inBaggage(good) })],
  ])('is believed %s', (_, headers) => {
    expect(attributes(received(headers(signed({ run: 'load-7' })), { trusted: false, markers }))).toEqual({
      'coalmine.test': true,
      'coalmine.test.run': 'load-7',
      'coalmine.test.expires': expect.any(String),
    })
  })

  it('is no claim where its header is empty, and says why the first of several is refused', () => {
    expect(attributes(received({ 'coalmine-test': '' }, { trusted: false, markers }))).toEqual({})
    const ended = signed({ expiresAt: 1 })
    expect(attributes(received({ 'coalmine-test': `${ended},x` }, { trusted: false, markers }))).toEqual({
      'coalmine.test.claimed': true,
      'coalmine.test.refused': 'expired',
    })
  })

  it('says who answers for its run', () => {
    const headers = { 'coalmine-test': signed({ run: 'load-7', owner: 'ana@shop.example' }) }
    expect(attributes(received(headers, { trusted: false, markers }))).toMatchObject({
      'coalmine.test.run': 'load-7',
      'coalmine.test.owner': 'ana@shop.example',
    })
  })
})

describe('a run that was stopped', () => {
  const stopped = { ...markers, isRevoked: (run: string) => run === 'load-7' }
  it.each<[string, Record<string, string>]>([
    ['signed, in the header', { 'coalmine-test': signed({ run: 'load-7' }) }],
    ['signed, in the baggage', { baggage: `coalmine.test.marker=${signed({ run: 'load-7' })}` }],
    ['in the baggage of a trusted caller', { baggage: 'coalmine.test=true,coalmine.test.run=load-7' }],
  ])('is a claim: %s', (_, headers) => {
    expect(attributes(received(headers, { trusted: true, markers: stopped }))).toEqual({
      'coalmine.test.claimed': true,
      'coalmine.test.refused': 'revoked',
    })
  })
})

function inBaggage(marker: string): Record<string, string> {
  return { baggage: `coalmine.test.marker=${marker}` }
}

function signed(marker: Partial<Marker>): string {
  return signMarker({ expiresAt: Date.now() + 60_000, ...marker }, key)
}

function received(headers: Readonly<Record<string, string>>, trust: InboundTrust): Marks {
  const marks = newMarks()
  receiveMarks(marks, (name) => headers[name], trust)
  return marks
}

function attributes(marks: Marks): Record<string, unknown> {
  return Object.fromEntries(marks.log.marks.map(({ key, value }) => [key, value]))
}
