import { describe, expect, it } from 'vitest'
import { type Fleet, fleetOf } from '../../test/hosts.ts'
import { factsOf } from '../../test/slices.ts'
import { defaultPolicy, judge, type Verdict } from '../index.ts'

const blocks = 12
const nothing = { warmUp: { stable: 0, canary: 0 }, instances: null, builds: null, aheadMs: 0, calls: [], sample: null }

/** The same traffic judged with what the instances did, and without. */
function judged(fleet: Partial<Fleet>): { readonly known: Verdict; readonly unknown: Verdict } {
  const { slices, cells } = fleetOf({ stable: 6, canary: 2, hostSd: 0, perBlock: 80, blocks, seed: 1, ...fleet })
  const facts = factsOf(blocks * 12)
  return {
    known: judge(slices, defaultPolicy, { ...facts, fairness: { ...nothing, cells } }),
    unknown: judge(slices, defaultPolicy, facts),
  }
}

const failures = (fleet: Partial<Fleet>, runs: number): { readonly known: number; readonly unknown: number } => {
  const all = Array.from({ length: runs }, (_, seed) => judged({ ...fleet, seed: seed + 1 }))
  return {
    known: all.filter(({ known }) => known.verdict === 'fail').length,
    unknown: all.filter(({ unknown }) => unknown.verdict === 'fail').length,
  }
}

describe('hosts that differ', () => {
  it('fail a canary that is no worse only where it is not known what hosts do', () => {
    const { known, unknown } = failures({ stable: 5, canary: 1, hostSd: 0.2 }, 60)
    expect(unknown).toBeGreaterThan(60 * 0.15)
    expect(known).toBeLessThan(60 * 0.08)
  })

  it('by their errors, likewise', () => {
    const { known, unknown } = failures({ stable: 5, canary: 1, errors: 0.05, errorSd: 1.2, perBlock: 150 }, 40)
    expect(unknown).toBeGreaterThan(40 * 0.1)
    expect(known).toBeLessThanOrEqual(40 * 0.075)
  })

  it('do not hide a build that is worse than hosts are', () => {
    expect(failures({ stable: 10, canary: 3, hostSd: 0.1, slower: 1.6 }, 10)).toEqual({ known: 10, unknown: 10 })
    expect(failures({ stable: 10, canary: 3, hostSd: 0.02, slower: 1.25 }, 10)).toEqual({ known: 10, unknown: 10 })
  })

  it('widen what FAIL needs and not what PASS needs, and the verdict says so', () => {
    const { known } = judged({ stable: 4, canary: 1, hostSd: 0.2, seed: 3 })
    expect(known.hosts!.placebo!.length).toBeGreaterThan(0)
    expect(known.hosts!.allowed.latency).toBeGreaterThan(1.2)
    const reason = known.reasons.find((one) => one.code === 'host-not-separable')!
    expect(reason.message).toMatch(
      /^Stable's 4 instances run the same build, yet \d of them would FAIL against the others, .* FAIL needs latency to be worse by more than \d+ % or 2 ms, which hosts alone rarely cause\.$/,
    )
    expect(known.findings.find((one) => one.metric === 'latency')!.margin).toBe('10%,2ms')
  })
})

it('hosts that are alike leave the verdict as it is, and nothing is said of them', () => {
  const { known, unknown } = judged({ stable: 6, canary: 4, hostSd: 0 })
  expect(known.hosts).toMatchObject({ stable: 6, canary: 4, placebo: [], outOfLine: [] })
  expect(known.reasons).toEqual(unknown.reasons)
  expect(known.findings).toEqual(unknown.findings)
})

it('hosts whose few errors may be chance are not said to differ', () => {
  const messages = Array.from({ length: 10 }, (_, seed) =>
    judged({ stable: 4, canary: 2, errors: 0.012, hostSd: 0, seed: seed + 1 }),
  ).flatMap(({ known }) => known.reasons.filter(({ code }) => code === 'host-not-separable').map((one) => one.message))
  const told = messages.filter((message) => message.includes('FAIL needs'))
  expect(told.length).toBeGreaterThan(0)
  for (const message of told)
    expect(message).toMatch(/^Hosts may differ as much as stable's 4 instances do from each other\. FAIL needs errors/)
})

it('one canary instance out of line with its fellows is named', () => {
  const { slices, cells } = fleetOf({ stable: 3, canary: 4, hostSd: 0, perBlock: 80, blocks, seed: 5 })
  const slow = cells.map((cell) =>
    cell.instance === 'canary-2'
      ? { ...cell, latency: { ...cell.latency, indices: cell.latency.indices.map((bucket) => bucket + 32) } }
      : cell,
  )
  const verdict = judge(slices, defaultPolicy, { ...factsOf(blocks), fairness: { ...nothing, cells: slow } })
  expect(verdict.hosts!.outOfLine).toMatchObject([{ instance: 'canary-2', metric: 'latency' }])
  expect(verdict.reasons.find((one) => one.code === 'one-instance')!.message).toMatch(
    /^Canary instance canary-2 is out of line with the canary's others: latency p50 .* ms -> .* ms\. Check its host before blaming the build\.$/,
  )
})

it('too few instances tell nothing of hosts', () => {
  expect(judged({ stable: 2, canary: 1 }).known.hosts).toBeNull()
  expect(judged({ stable: 2, canary: 2 }).known.hosts).toMatchObject({ placebo: null, variation: { latency: null } })
})
