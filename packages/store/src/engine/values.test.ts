import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTraces } from '../schema/tables.ts'
import { openEmbedded } from './embedded.ts'
import type { Engine } from './engine.ts'
import { withValues } from './values.ts'

let directory: string
let engine: Engine

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-values-'))
  engine = await openEmbedded(directory, ({ write }) => write(createTraces, { retentionDays: 1 }))
})

afterAll(async () => {
  await engine.close()
  await rm(directory, { recursive: true, force: true })
})

it('brings every value to the engine as it is', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((plain) => `${plain}\\'"\`\0\n\r\t{name:String}`)
  const statement = `
    SELECT {text:String} AS text, {texts:Array(String)} AS texts, {numbers:Array(UInt32)} AS numbers,
      {pairs:Array(Array(Tuple(String, String)))} AS pairs, {yes:Bool} AS yes, {number:Int64} AS number,
      toTypeName({number:Int64}) AS type`
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(text, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      fc.boolean(),
      fc.integer(),
      async (one, texts, numbers, yes, number) => {
        const pairs = [texts.map((value) => ({ tuple: [one, value] }))]
        const rows = await engine.read(statement, { text: one, texts, numbers, pairs, yes, number })
        const asTuples = [texts.map((value) => [one, value])]
        expect(rows).toEqual([{ text: one, texts, numbers, pairs: asTuples, yes, number, type: 'Int64' }])
      },
    ),
    { numRuns: 50 },
  )
})

it('names tables, limits rows, and leaves what has no value', async () => {
  const statement = 'SELECT name FROM {table:Identifier} WHERE name = {name:String} LIMIT {most:UInt32}'
  const params = { table: 'system.one two', name: 'a', most: 1 }
  expect(withValues(statement, params)).toBe(
    "SELECT name FROM `system.one two` WHERE name = 'a' LIMIT CAST(1, 'UInt32')",
  )
  expect(withValues('{other:String}', params)).toBe('{other:String}')
  expect(await engine.read('SELECT number FROM numbers(9) LIMIT {most:UInt32}', params)).toEqual([{ number: 0 }])
})

it('lets statements with values run beside each other', async () => {
  const statement = 'SELECT sum(sipHash64(number + {more:UInt32})) AS sum FROM numbers(20000000)'
  let ended = false
  const long = engine.read(statement, { more: 1 }).finally(() => {
    ended = true
  })
  await engine.read('SELECT {one:UInt32} AS one', { one: 1 })
  expect(ended).toBe(false)
  await long
})
