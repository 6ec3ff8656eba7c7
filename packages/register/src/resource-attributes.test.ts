import { expect, it } from 'vitest'
import { readResourceAttributes } from './resource-attributes.ts'

it.each([
  [undefined, '', []],
  ['team=cart, region=eu', 'team=cart,region=eu', []],
  ['team=cart,region', 'team=cart', ['region']],
  ['discount=100%,team=cart', 'team=cart', ['discount=100%']],
  ['=x,a b=c,,team=', 'team=', ['=x', 'a b=c']],
  // What OpenTelemetry would not read as it is written.
  ['query=a=b,city=Zürich,name="shop",done=50%25', 'query=a%3Db,city=Z%C3%BCrich,name=shop,done=50%25', []],
])('reads %j pair by pair', (text, list, bad) => {
  expect(readResourceAttributes(text)).toEqual({ list, bad })
})
