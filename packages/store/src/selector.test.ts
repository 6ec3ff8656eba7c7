import { describe, expect, it } from 'vitest'
import { formatSelector, parseSelector } from './selector.ts'

describe('parseSelector', () => {
  it.each([
    ['service.version=2.0.0', [{ from: 'span', key: 'service.version', value: '2.0.0' }]],
    ['flag:new-pricing=on', [{ from: 'span', key: 'coalmine.flag.new-pricing', value: 'on' }]],
    ['via:storefront=2.0.0', [{ from: 'span', key: 'coalmine.via.storefront', value: '2.0.0' }]],
    ['flag:x!=on', [{ from: 'span', key: 'coalmine.flag.x', value: 'on', negated: true }]],
    ['resource:region != a', [{ from: 'resource', key: 'region', value: 'a', negated: true }]],
    ['resource:k8s.node.pool=b', [{ from: 'resource', key: 'k8s.node.pool', value: 'b' }]],
    ['image=registry:5000/cart', [{ from: 'span', key: 'image', value: 'registry:5000/cart' }]],
    ['a%2Cb%3Dc=d%25', [{ from: 'span', key: 'a,b=c', value: 'd%' }]],
    [
      'service.version=1, tier=gold',
      [
        { from: 'span', key: 'service.version', value: '1' },
        { from: 'span', key: 'tier', value: 'gold' },
      ],
    ],
  ])('reads %s', (text, conditions) => {
    expect(parseSelector(text)).toEqual(conditions)
  })

  it.each([
    ['', 'selector "": expected key=value, such as service.version=1.0.0 or flag:new-pricing=on'],
    ['a=1,b', 'selector "a=1,b", part 2: expected key=value, such as '],
    ['1.0.0', 'selector "1.0.0": expected key=value, so write service.version=1.0.0'],
    ['v2', 'selector "v2": expected key=value, so write service.version=v2'],
    ['!=1', 'the key is missing before "!="'],
    ['=1', 'the key is missing before "="'],
    ['flag:=on', 'the key is missing before "="'],
    ['a=', 'the value of a is missing after "="'],
    ['a=b=c', 'write "=" inside a key or value as %3D'],
    ['a=50%', '"50%" is not percent-encoded UTF-8; write "%" itself as %25'],
    ['a=1,a!=2', 'a is there twice'],
    ['a=1,a=2', 'a is there twice'],
  ])('refuses %s', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message)
  })
})

describe('formatSelector', () => {
  it.each([
    'service.version=2.0.0',
    'via:storefront!=2.0.0',
    'a%21=b',
    'flag:new-pricing=on,resource:a=b',
    'a%2Cb%3Dc=d%25',
    'flag%3Ax=1',
    'a=x:y',
  ])('writes %s as it was read', (text) => {
    expect(formatSelector(parseSelector(text))).toBe(text)
  })
})
