import type { ByteRange } from '@coalmine/store'
import { giveUp, isText, type Scanner, textRange, wholeRange } from './scanner.ts'

const unread = ['flags', 'droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount']

/** Skips values that are not stored. */
export function passOver(scanner: Scanner, key: ByteRange): void {
  if (isText(scanner, key, 'schemaUrl')) textRange(scanner)
  else if (unread.some((name) => isText(scanner, key, name))) wholeRange(scanner)
  else giveUp(scanner)
}

/** Notes the fields of an object. If a name repeats, the second counts, so such objects are left to the runtime's own parser. */
export function newSeen(scanner: Scanner): {
  readonly first: (bit: number) => boolean
  readonly has: (bit: number) => boolean
} {
  let bits = 0
  return {
    first(bit) {
      if ((bits & bit) !== 0) giveUp(scanner)
      bits |= bit
      return true
    },
    has: (bit) => (bits & bit) !== 0,
  }
}
