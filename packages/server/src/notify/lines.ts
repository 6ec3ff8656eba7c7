import type { Message, Person } from './notification.ts'

// Names come from spans and labels, and those from anybody.
const longestLine = 600

/** One line of text from outside, without what moves a cursor, hides or turns text round. */
export function plainLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return cut(line, longestLine)
}

/**
 * Shortens a text to a number of characters. A shortened text ends in "…", and no character is split.
 *
 * @example cut('abcdef', 4) // 'abc…'
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const short = text.slice(0, most - 1)
  return `${/[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short}…`
}

/** Since when this has been so, in words; undefined if unknown. */
export function sinceLine({ since }: Pick<Message, 'since'>): string | undefined {
  return since === null ? undefined : `Since ${since.slice(0, 10)} ${since.slice(11, 19)} UTC.`
}

/** Which change it is, as words: `Change abc1234 (#12)`; undefined where nothing is known. */
export function changeLine({ change: { commit, change } }: Pick<Message, 'change'>): string | undefined {
  const number = change === undefined ? '' : ` (#${plainLine(change)})`
  if (commit === undefined) return change === undefined ? undefined : `Change #${plainLine(change)}.`
  return `Change ${plainLine(commit).slice(0, 12)}${number}.`
}

/** Who is concerned, such as `Written by ada, merged by grace.`; `show` writes a person. */
export function peopleLine(
  { people }: Pick<Message, 'people'>,
  show: (person: Person) => string = ({ name }) => plainLine(name),
): string | undefined {
  if (people.length === 0) return undefined
  const verbs = { author: 'written by', merger: 'merged by', owner: 'owner:' } as const
  const line = people.map((person) => `${verbs[person.role]} ${show(person)}`).join(', ')
  return `${line[0]!.toUpperCase()}${line.slice(1)}.`
}

/** All that is said, a sentence each, without the title and the link. */
export function sentences(message: Message): readonly string[] {
  return [
    ...message.text.map(plainLine),
    ...[sinceLine(message), changeLine(message), peopleLine(message)].filter((line) => line !== undefined),
  ]
}
