import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

const folder = fileURLToPath(new URL('../../packages/cli/docs/', import.meta.url))

/** The pages of the manual, by their file names. */
export const pages: readonly string[] = readdirSync(folder).filter((name) => name.endsWith('.md'))

/** The text of a page of the manual. */
export const pageText = (page: string): string => readFileSync(join(folder, page), 'utf8')

/** A command of the manual and what it prints; a line `...` stands for any lines. */
export interface Example {
  readonly page: string
  /** The test that runs the command. */
  readonly keptBy: string
  /** Numbers, ids and times may differ. */
  readonly inForm: boolean
  /** The arguments of `coalmine`. */
  readonly args: readonly string[]
  readonly printed: string
}

/** The examples of a page. */
export function examplesOn(page: string): Example[] {
  const marked =
    /<!-- kept (true|in form) by (\S+) -->\n```console\n(?:[^$\n].*\n)*?\$ npx coalmine (.*)\n([\s\S]*?)```/g
  return [...pageText(page).matchAll(marked)].map(([, how, keptBy, command, printed]) => ({
    page,
    keptBy: keptBy!,
    inForm: how === 'in form',
    args: [...command!.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word),
    printed: printed!,
  }))
}

/** The first example of a page. */
export const exampleOn = (page: string): Example => examplesOn(page)[0]!

/** The files that the examples of a page need: the code blocks that a comment names. */
export function filesOn(page: string): { readonly name: string; readonly content: string }[] {
  const marked = /<!-- file: ([\w.-]+)[^\n]*-->\n```\w+\n([\s\S]*?)```/g
  return [...pageText(page).matchAll(marked)].map(([, name, content]) => ({ name: name!, content: content! }))
}

/** Expects what a command printed to be what the manual shows. */
export function expectPrinted({ printed, inForm }: Example, output: string): void {
  const comparable = (text: string): string => (inForm ? formOf(text) : text.replaceAll('\u202f', ' '))
  const parts = comparable(printed).split(/^\.\.\.\n/m)
  const pattern = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[\\s\\S]*')
  expect(comparable(output)).toMatch(new RegExp(`^${pattern}$`))
}

/** What is left of a report when numbers, ids, times and the room that they take may differ. */
function formOf(text: string): string {
  return text
    .replace(/\b[0-9a-f]{12}\b/g, 'ID')
    .replace(/> /g, '')
    .replace(/\d+ (h|min|s)\b( \d+ (min|s)\b)?/g, 'TIME')
    .replace(/ -(?= |$)/gm, ' TIME')
    .replace(/\d+(\.\d+)?/g, 'N')
    .replace(/ +/g, ' ')
}
