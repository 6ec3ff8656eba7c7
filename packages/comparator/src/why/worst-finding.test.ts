import { expect, it } from 'vitest'
import type { Finding } from '../finding.ts'
import { worstOf } from './worst-finding.ts'

const finding = (operation: string | null, decision: Finding['decision'], logE: number, gate: Finding['gate'] = 'on') =>
  ({
    operation,
    decision,
    gate,
    evidence: { worse: { kind: 'e-value', logE, needed: 3 }, within: [] },
  }) as unknown as Finding

it('is the failed finding with the most evidence for what it needed, an operation before the service', () => {
  const findings = [
    finding(null, 'fail', 90),
    finding('GET /a', 'fail', 10),
    finding('GET /b', 'fail', 20),
    finding('(other)', 'fail', 80),
    finding('GET /c', 'inconclusive', 99),
  ]
  expect(worstOf(findings)?.operation).toBe('GET /b')
})

it('is the service where no operation of a name failed', () => {
  expect(worstOf([finding(null, 'fail', 5), finding('GET /a', 'pass', 1)])?.operation).toBe(null)
})

it('is what comes nearest where nothing failed, and never an advisory finding', () => {
  const findings = [
    finding('GET /a', 'pass', 1),
    finding('GET /b', 'inconclusive', 2),
    finding('GET /c', 'fail', 9, 'advisory'),
  ]
  expect(worstOf(findings)?.operation).toBe('GET /b')
  expect(worstOf([])).toBe(undefined)
})
