import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { randomOf } from '../../packages/stats/src/random.ts'
import { coalmineHere, type Run } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-quiet-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const start = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const at = (seconds: number): string => new Date(start + seconds * 1_000).toISOString()

/** Compares twelve minutes of 30 requests a second, each by the build that `buildAt` says. */
async function compared(buildAt: (seconds: number, random: () => number) => string, ...args: string[]): Promise<Run> {
  const random = randomOf(3)
  const rows = Array.from({ length: 12 * 60 * 30 }, (_, n) => {
    const seconds = n / 30
    const ms = 40 * Math.exp(0.4 * (random() + random() + random() - 1.5))
    return [at(seconds), ms.toFixed(3), 'shop', 'GET /cart', buildAt(seconds, random)].join(',')
  })
  writeFileSync(join(folder, 'spans.csv'), ['start,duration_ms,service,name,service.version', ...rows, ''].join('\n'))
  const cohorts = ['--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']
  return coalmineHere(folder, ['compare', '--from', 'spans.csv', '--service', 'shop', ...cohorts, ...args])
}

const split = (seconds: number, random: () => number, until: number): string =>
  seconds < until && random() < 0.5 ? '2.0.0' : '1.0.0'

it('a canary that stops serving does not pass, and the verdict says since when', async () => {
  const wide = ['--margin', 'latency=30%', '--margin', 'errors=3,3pp', '--margin', '4xx=3,3pp']
  expect(await compared((seconds, random) => split(seconds, random, 720), ...wide)).toMatchObject({ code: 0 })
  const { code, stdout } = await compared((seconds, random) => split(seconds, random, 480), ...wide)
  expect(code).toBe(2)
  const moment = at(480).replace('.000', '')
  expect(stdout).toContain(
    `- The canary served nothing from ${moment} to the end of the window (4 min, in which stable served `,
  )
  expect(stdout).toContain(`--end ${moment}.`)
  // What it served until then is as good as it was.
  expect(await compared((seconds, random) => split(seconds, random, 480), ...wide, '--end', moment)).toMatchObject({
    code: 0,
  })
})

it.each([
  ['at once', 360],
  ['within a tick', 362.5],
])(
  'a build that follows the other %s is told to overlap it, or to be compared with earlier days',
  async (_, seconds) => {
    const { code, stderr, stdout } = await compared((second) => (second < seconds ? '1.0.0' : '2.0.0'))
    expect(code, stdout).toBe(3)
    expect(stdout + stderr).toMatch(
      /stable stopped when canary started, and canary served alone for (5 min 55 s|6 min):/,
    )
    expect(stdout + stderr).toContain(
      'run both at once for a while, or compare the canary with stable at the same hours of earlier days',
    )
    expect(stdout + stderr).toContain('--stable-window 7d')
  },
)
