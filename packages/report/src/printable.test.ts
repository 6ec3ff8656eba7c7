import { describe, expect, it } from 'vitest'
import { printable, printableData, printableJson, printableLines } from './printable.ts'

describe('text from outside', () => {
  it.each([
    ['\u001b[2J\u001b]0;title\u0007', '\\x1b[2J\\x1b]0;title\\x07'],
    ['a\r\nb\tc\u0000', 'a\\r\\nb\\tc\\x00'],
    ['\u009b31m\u007f', '\\x9b31m\\x7f'],
    ['\u202egnp.exe\u2066', '\\u202egnp.exe\\u2066'],
    ['##vso[task.setvariable]x ##[error] ##teamcity[x', '\\x23#vso[task.setvariable]x \\x23#[error] \\x23#teamcity[x'],
    ['GET /größe/🐤 50 %', 'GET /größe/🐤 50 %'],
  ])('%j shows what it is', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('keeps its lines where it has some, and none of them is a command', () => {
    expect(printableLines('one\n  ::error::two\n::set-output name=a::b\r\na::b')).toBe(
      'one\n  \\x3a:error::two\n\\x3a:set-output name=a::b\\r\na::b',
    )
  })

  it('is found in data, in keys and lists as well, and nothing else is changed', () => {
    const data = { 'a\u0007': ['b\n', 1, null, true, { c: 'd' }], e: undefined }
    expect(printableData(data)).toEqual({ 'a\\x07': ['b\\n', 1, null, true, { c: 'd' }], e: undefined })
  })

  it('is the same data in JSON, with escapes', () => {
    const data = { name: '\u001b[31m\u009b\u202e é ##vso[x]' }
    const text = printableJson(data)
    expect(text).toContain('"\\u001b[31m\\u009b\\u202e é \\u0023#vso[x]"')
    expect(JSON.parse(text)).toEqual(data)
  })
})
