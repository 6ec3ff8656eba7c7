import { histogramOf, type Random, randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../policy/policy.ts'
import type { UsersEffect } from './answers.ts'
import { effectOnService } from './effect-on-users.ts'
import { blockMs, type UsersBlock } from './users-block.ts'
import { usersEffect } from './users-effect.ts'

const began = Date.parse('2026-11-29T12:00:00Z')

interface Traffic {
  /** Of each block. */
  readonly requests?: number
  readonly errors?: number
  readonly seconds?: number
}

const block = (operation: string, at: number, random: Random, traffic: Traffic = {}): UsersBlock => {
  const { requests = 100, errors = 0.01, seconds = 0.1 } = traffic
  const values = Array.from({ length: requests }, () => seconds * Math.exp(0.5 * (random() + random() - 1)))
  const failed = values.filter(() => random() < errors).length
  return {
    operation,
    fromMs: began + at * blockMs,
    requests,
    errors: failed,
    clientErrors: 0,
    latency: histogramOf(values),
  }
}

/** Sixty blocks before a run, `during` of it, sixty after; each is as `traffic` says, by where it is in the run, or null outside. */
function effectOf(
  traffic: (at: number, inRun: number | null) => Traffic,
  { during = 10, before = 60, after = 60, seed = 5 } = {},
): UsersEffect {
  const random = randomOf(seed)
  const blocks = (from: number, to: number, isRun: boolean): UsersBlock[] =>
    Array.from({ length: to - from }, (_, n) => {
      const at = from + n
      return block('GET /cart', at, random, traffic(at, isRun ? n : null))
    })
  const without = [...blocks(-before, 0, false), ...blocks(during + 2, during + 2 + after, false)]
  const around = { service: 'shop', during: blocks(0, during, true), without }
  return usersEffect([effectOnService(around, { policy: defaultPolicy, alpha: 0.05, version: '1.0.0' })], {
    duringMs: [began, began + during * blockMs],
    matchedMs: [began - before * blockMs, began + (during + 2 + after) * blockMs],
    without: new Set(without.map(({ fromMs }) => fromMs)),
    falseAlarmRate: 0.05,
  })
}

describe('what a run does to users', () => {
  it('is nothing where their requests are as before and after', () => {
    const effect = effectOf(() => ({ requests: 400 }))
    expect(effect).toMatchObject({ outcome: 'unharmed', message: 'within the margins' })
    expect(effect.matched).toMatchObject({ before: 60, after: 60, blockSeconds: 30 })
  })

  it('is harm where they fail more often, and when that was proved', () => {
    const effect = effectOf((_, inRun) => ({ errors: inRun === null ? 0.01 : 0.2 }))
    expect(effect.outcome).toBe('hurt')
    expect(effect.message).toMatch(/^errors 1\.?\d* % -> (19|2\d)\.?\d* %$/)
    const [service] = effect.services
    expect(service!.findings[0]).toMatchObject({ metric: 'errors', decision: 'fail' })
    expect(service!.moreErrors).toBeGreaterThan(150)
    expect(Date.parse(service!.provedAt!) - began).toBeLessThanOrEqual(4 * blockMs)
  })

  it('is harm where they are slower', () => {
    const effect = effectOf((_, inRun) => ({ seconds: inRun === null ? 0.1 : 0.3 }))
    expect(effect.outcome).toBe('hurt')
    expect(effect.message).toMatch(/p50 \d+ ms -> \d+ ms, p90 \d+ ms -> \d+ ms/)
  })

  it('is not known where there are too few minutes to compare with, or it was too short', () => {
    expect(effectOf(() => ({}), { before: 10, after: 0 })).toMatchObject({
      outcome: 'inconclusive',
      message: 'too few minutes without a run to compare with: 5 min with requests of users, 10 min are needed',
    })
    expect(effectOf(() => ({}), { during: 0 }).message).toBe('no whole 30 s with requests of users while it went on')
  })

  it('is not known where there are too few requests', () => {
    const effect = effectOf(() => ({ requests: 3 }))
    expect(effect.outcome).toBe('inconclusive')
    expect(effect.message).toMatch(/neither proved worse than the margin nor within it/)
  })

  it('is no harm where minutes without it are as bad now and then', () => {
    const effect = effectOf((at, inRun) => ({ errors: inRun === 3 || at % 10 === 0 ? 0.5 : 0.01 }), { during: 6 })
    expect(effect.outcome).not.toBe('hurt')
  })

  it('is no harm where everything gets slower in the course of the day', () => {
    // Twice as slow within two hours.
    const effect = effectOf((at) => ({ seconds: 0.1 * (1 + (at + 60) / 240) }), { after: 0, before: 120 })
    expect(effect.outcome).not.toBe('hurt')
  })
})
