import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SloAnswer } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere, storeHere } from './coalmine.ts'

// What the command prints for people is in the manual, which manual.test.ts keeps true.
let folder: string
let store: Awaited<ReturnType<typeof storeHere>>
const demo = join(import.meta.dirname, '../../examples/demo/canary.jsonl.gz')
const run = (...args: string[]) => coalmineHere(folder, args)
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-slo-'))
  store = await storeHere(folder)
  expect(await run('import', demo)).toMatchObject({ code: 0 })
  write(
    'openslo.yaml',
    `apiVersion: openslo/v1
kind: SLO
metadata: { name: carts, annotations: { coalmine/journeys: GET /cart, coalmine/latency: 60ms, coalmine/expect: 0.5% } }
spec:
  service: storefront
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ targetPercent: 95 }]
`,
  )
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

describe('coalmine slo', () => {
  it('reads objectives of OpenSLO, named by an option or by the configuration', async () => {
    const named = await run('slo', '--slo', 'openslo.yaml', '--format', 'json')
    expect(named).toMatchObject({ code: 0, stderr: '' })
    const { budgets } = JSON.parse(named.stdout) as SloAnswer
    expect(budgets).toMatchObject([
      { slo: 'carts', operation: 'GET /cart', objective: 0.95, windowSeconds: 28 * 86_400, window: { requests: 926 } },
    ])
    expect(budgets[0]!.cohorts.map(({ build, isHarmful }) => [build, isHarmful])).toEqual([
      ['1.0.0', false],
      ['2.0.0', true],
    ])
    write('by-file.yaml', 'slo: openslo.yaml\n')
    expect((await run('slo', '--config', 'by-file.yaml', '--format', 'json')).stdout).toBe(named.stdout)
    expect((await run('check', 'by-file.yaml')).stdout).toContain(
      'carts: 95 % of GET /cart over 28 days; errors and requests slower than 60 ms are bad; a release may cost 0.5 % of the budget',
    )
  })

  it('has a verdict tell of them, and answer what they expect', async () => {
    const builds = ['--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']
    write('compare.yaml', 'service: storefront\nslo: openslo.yaml\n')
    const { stdout } = await run('compare', '--config', 'compare.yaml', ...builds)
    expect(stdout).toMatch(/^ {2}budget {2}GET \/cart: the canary has cost 0\.0018 % .*2\.29 times as fast/m)
    expect(stdout).toContain('Confirmed: expected to cost no more than 0.5 % of the error budget of carts (28 days)')
    const own = [
      'service: storefront',
      'rollout: { stages: [{ share: 10%, bake: 30m }, { share: 100% }], actuator: { command: ./move.sh } }',
    ]
    write('ramp.yaml', `${own.join('\n')}\nslo: openslo.yaml\n`)
    const ramp = await run('compare', '--config', 'ramp.yaml', ...builds)
    expect(ramp.stdout, ramp.stderr).toContain('along the planned ramp')
  })

  it('says what is missing, or wrong, and where', async () => {
    write('wrong.yaml', 'slo:\n  - objective: 120%\n    service: storefront\n')
    write('empty.yaml', 'service: storefront\n')
    for (const [args, said] of [
      [['--config', 'empty.yaml'], /there are no objectives: put some into coalmine\.yaml, such as\n\nslo:\n/],
      [['--config', 'wrong.yaml'], /wrong\.yaml:2: slo\.0\.objective: expected a share of good requests/],
      [['--slo', 'nothing.yaml'], /--slo nothing\.yaml: there is no such file/],
      [['--slo', 'wrong.yaml'], /wrong\.yaml:1: apiVersion: expected openslo\/v1/],
      [
        ['--slo', 'openslo.yaml', '--service', 'other'],
        /--service other: it has no objectives; there are some for storefront/,
      ],
      [['--slo', 'openslo.yaml', '--ramp', 'soon'], /ramp: expected shares with how long each stays/],
    ] as const) {
      const { code, stdout, stderr } = await run('slo', ...args)
      expect({ code, stdout, stderr }).toEqual({ code: 64, stdout: '', stderr: expect.stringMatching(said) })
    }
  })
})
