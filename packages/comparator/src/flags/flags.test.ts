import { expect, it } from 'vitest'
import { readFlags } from '../policy/flags-schema.ts'
import { flagRemoval } from './flag-removal.ts'
import type { FlagReport } from './flag-report.ts'
import { type FlagRules, usualFlagRules } from './flag-rules.ts'
import { daysToRead, type FlagChangeSeen, flagsOf } from './flags.ts'

const day = 86_400_000
const nowMs = Date.UTC(2026, 10, 30)
const ago = (days: number): number => nowMs - days * day

/** A variant with so many requests a day, from the day when it was first met to the day when it was last met, counted back. */
interface Met {
  readonly variant: string
  readonly perDay: number
  readonly from: number
  readonly to?: number
}

function report(
  variants: readonly Met[],
  {
    rules = usualFlagRules,
    servedAgo = 0,
    knownAgo = 90,
    changes = [],
  }: {
    readonly rules?: FlagRules
    readonly servedAgo?: number
    readonly knownAgo?: number
    readonly changes?: readonly FlagChangeSeen[]
  } = {},
): FlagReport {
  const place = { service: 'shop', environment: 'production' }
  const days = daysToRead(rules)
  const { flags } = flagsOf({
    seen: {
      variants: variants.map(({ variant, perDay, from, to = 0 }) => ({
        ...place,
        flag: 'pricing',
        variant,
        firstMs: ago(from),
        lastMs: ago(to),
        requests: days.map((within) => perDay * Math.max(0, Math.min(within, from) - to)),
      })),
      builds: [{ ...place, flag: '', build: '1.0.0', firstMs: ago(90), lastMs: ago(servedAgo), requests: 1 }],
      known: [{ service: 'shop', sinceMs: ago(knownAgo) }],
    },
    changes,
    comparisons: [],
    rules,
    nowMs,
  })
  return flags[0]!
}

const on: Met = { variant: 'on', perDay: 1_000, from: 60 }
const off: Met = { variant: 'off', perDay: 100, from: 60 }
const turned = (days: number): FlagChangeSeen => ({
  flag: 'pricing',
  service: '',
  environment: '',
  at: new Date(ago(days)).toISOString(),
  what: 'on for all',
  author: 'maria',
  source: 'api',
  verdict: null,
})

it.each<[string, readonly Met[], Parameters<typeof report>[1], string, RegExp]>([
  ['one variant alone', [on], {}, 'settled', /^on alone for 14 days: 100 %$/],
  ['nearly alone', [on, { ...off, perDay: 0.5 }], {}, 'settled', /> 99\.9 %/],
  ['a tail that is too long', [on, { ...off, perDay: 2 }], {}, 'stuck', /same shares/],
  ['alone since it was turned on lately', [on], { changes: [turned(3)] }, 'mixed', /not for 14 days yet/],
  ['turned on longer ago', [on], { changes: [turned(20)] }, 'settled', /alone/],
  ['the other variant until ten days ago', [on, { ...off, to: 10 }], {}, 'mixed', /on alone, and not for 14 days yet/],
  ['the same shares for a month', [on, off], {}, 'stuck', /nobody has changed it/],
  ['shares that moved', [on, off, { variant: 'c', perDay: 90, from: 60, to: 12 }], {}, 'mixed', /several/],
  ['the same shares, turned meanwhile', [on, off], { changes: [turned(20)] }, 'mixed', /several/],
  ['not evaluated by builds that serve', [{ ...on, to: 31 }], {}, 'unseen', /none of them evaluates it/],
  ['nothing serves', [{ ...on, to: 31 }], { servedAgo: 31 }, 'unseen', /nothing serves/],
  ['evaluated a while ago', [{ ...on, to: 29 }], {}, 'mixed', /last evaluated 29 days ago/],
  ['first seen last week', [{ ...on, from: 7 }], {}, 'new', /first evaluated 7 days ago/],
  ['as old as all that is known', [{ ...on, from: 7 }], { knownAgo: 7 }, 'new', /as long as its service is/],
])('is what it is by what users met: %s', (_, variants, from, state, text) => {
  expect(report(variants, from)).toMatchObject({ state, text: expect.stringMatching(text) })
})

it('goes by the days that are declared, of a flag before those of all', () => {
  const read = readFlags({
    settled: '20d',
    keys: { pricing: { owner: 'maria', settled: '70d' }, kill: { permanent: true } },
  })
  const rules = read.kind === 'flags' ? read.rules : usualFlagRules
  expect(daysToRead(rules)).toEqual([7, 10, 14, 20, 30, 70].filter((days) => days !== 14))
  expect(report([on], { rules })).toMatchObject({ state: 'stuck', owner: 'maria' })
  expect(rules.keys.get('kill')).toMatchObject({ permanent: true, days: { settled: 20, unseen: 30 } })
  const never = flagsOf({
    seen: { variants: [], builds: [], known: [{ service: 'shop', sinceMs: ago(5) }] },
    changes: [],
    comparisons: [],
    rules,
    nowMs,
  })
  expect(never.flags.map(({ flag, state, text }) => [flag, state, text])).toEqual([
    ['pricing', 'unseen', 'never evaluated in the 5 days that are known'],
    ['kill', 'permanent', 'never evaluated in the 5 days that are known'],
  ])
})

it.each([
  [{ settled: 3 }, 'flags.settled: expected whole days such as 30d, got 3'],
  [{ settled: '36h' }, 'flags.settled: expected whole days from 1d to 100d, such as 30d, got "36h"'],
  [{ unseen: '400d' }, 'flags.unseen: expected whole days from 1d to 100d, such as 30d, got "400d"'],
  [{ keys: { a: { ownr: 'x' } } }, 'flags.keys.a.ownr: unknown key; did you mean owner?'],
  [{ keys: { a: { permanent: 'yes' } } }, 'flags.keys.a.permanent: expected true or false, got "yes"'],
  [[], /^flags: expected/],
])('says of %j what is wrong with it', (input, message) => {
  const read = readFlags(input)
  const told =
    read.kind === 'problems' ? read.problems.map(({ path, message: text }) => `${path.join('.')}: ${text}`) : []
  expect(told[0]).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})

it('lets the code of a variant go once nobody is behind it, and says what it cannot rule out', () => {
  const removal = (variants: readonly Met[], keep: string | null, withinDays = 14) =>
    flagRemoval({
      answer: { at: new Date(nowMs).toISOString(), flags: [report(variants)] },
      flag: 'pricing',
      keep,
      withinDays,
      references: [],
    })
  expect(removal([on], 'on')).toMatchObject({
    verdict: 'pass',
    notes: [
      expect.stringMatching(/none of 30.000 requests within 30 days got another variant than on: less than 0.01 % do/),
      expect.stringMatching(/^Based on users' requests of 30 days/),
    ],
  })
  expect(removal([on, off], 'on').problems).toEqual([
    'shop, production: 3 000 requests got off within 30 days, 9.09 %; the last within the hour'.replace(
      '3 000',
      '3\u202f000',
    ),
  ])
  expect(removal([on, { ...off, to: 16 }], 'on')).toMatchObject({ verdict: 'pass' })
  expect(removal([on, { ...off, to: 16 }], 'on', 30)).toMatchObject({ verdict: 'fail' })
  expect(removal([on], 'off').problems[0]).toBe('shop, production: users get on (100 %), not off')
})
