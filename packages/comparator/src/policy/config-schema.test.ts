import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from './config-schema.ts'

it('is published as it is: -u writes it anew', async () => {
  await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../coalmine.schema.json')
})

it.each([
  ['service: shop\nsplit: 10%\nmetrics:\n  4xx: off\n  latency: { margin: 5%, critical: true }\n', true],
  ['metrics:\n  queries: { calls: db.system.name=postgresql, expect: better }\n', true],
  ['alpah: 0.05\n', false],
  ['metrics:\n  latency: { expect: worse }\n', false],
  ['metrics:\n  latency: maybe\n', false],
])('tells an editor of %j: %s', (text, sound) => {
  const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(configJsonSchema())
  expect(accepts(parse(text)) || accepts.errors).toEqual(sound ? true : expect.any(Array))
})
