import { expect, it } from 'vitest'
import { shellWord } from './format.ts'

it.each([
  ['service.version=2.0.0', 'service.version=2.0.0'],
  ['flag:new-pricing=on', 'flag:new-pricing=on'],
  ['', "''"],
  ['a b', "'a b'"],
  ['shop; rm -rf ~', "'shop; rm -rf ~'"],
  ["it's $(id) `id`\n!", "'it'\\''s $(id) `id`\n!'"],
  ['service.version!=1', "'service.version!=1'"],
])('%j is one word of a shell', (text, word) => {
  expect(shellWord(text)).toBe(word)
})
