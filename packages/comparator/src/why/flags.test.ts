import { expect, it } from 'vitest'
import { factsOf } from '../../test/slices.ts'
import { flagDifferences } from './flags.ts'

const facts = factsOf(1)

function differences(stable: Record<string, number>, canary: Record<string, number>): string[] {
  const met = (counts: Record<string, number>) =>
    Object.entries(counts).map(([variant, requests]) => ({
      operation: 'GET /cart',
      flag: 'pricing',
      variant,
      requests,
    }))
  const found = flagDifferences(
    { ...facts.stable, flags: met(stable) },
    { ...facts.canary, flags: met(canary) },
    () => true,
  )
  return found.map((one) => `${one.stable?.variant ?? 'none'} -> ${one.canary?.variant ?? 'none'}`)
}

it('a flag differs where most of one cohort met another variant than most of the other', () => {
  expect(differences({ off: 900, on: 100 }, { on: 85, off: 15 })).toEqual(['off -> on'])
  expect(differences({ off: 900, on: 100 }, { off: 85, on: 15 })).toEqual([])
})

it('and where only one of them met it at all', () => {
  expect(differences({ off: 90 }, {})).toEqual(['off -> none'])
})

it.each([
  { stable: { on: 1_463, off: 1_419 }, canary: { off: 414, on: 400 } },
  { stable: { on: 7, off: 5 }, canary: { off: 9, on: 3 } },
])('which of two even variants is ahead by chance is no difference: %o', ({ stable, canary }) => {
  expect(differences(stable, canary)).toEqual([])
})
