import { type Charts, defaultPolicy, judge, type Verdict } from '@coalmine/comparator'
import { describe, expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../comparator/test/slices.ts'
import { verdictFormats } from './formats.ts'
import { verdictJunit } from './junit.ts'
import { verdictMarkdown } from './markdown.ts'
import { renderVerdict } from './render.ts'
import { sparkline } from './sparkline.ts'
import { verdictText } from './text.ts'

const alike = { n: 500 }

function verdictOf({ slower = 1, ticks = 12, operation = 'GET /cart', service = 'shop' } = {}): Verdict {
  const operations = {
    'GET /products': { stable: alike, canary: alike },
    [operation]: { stable: alike, canary: { ...alike, slower } },
  }
  const facts = factsOf(ticks)
  return { ...judge(trafficOf({ ticks, seed: 2, operations }), defaultPolicy, facts), service }
}

const invalid = judge([], defaultPolicy, { ...factsOf(2), canary: factsOf(2).stable })
const verdicts: readonly (readonly [string, Verdict])[] = [
  ['fail', verdictOf({ slower: 1.5 })],
  ['pass', verdictOf({ ticks: 60 })],
  ['inconclusive', verdictOf({ ticks: 3 })],
  ['invalid', invalid],
]

it.each(verdicts)('writes a %s verdict for a pull request and for a pipeline', async (name, verdict) => {
  const url = 'https://coalmine.example/comparisons/5d1c0f9a7b3e'
  await expect(verdictMarkdown(verdict, { url })).toMatchFileSnapshot(`./${name}.golden.md`)
  await expect(verdictJunit(verdict)).toMatchFileSnapshot(`./${name}.golden.xml`)
})

const nasty =
  'GET /`x` ``|`` <img src=x onerror=alert(1)> @all #12 [a](javascript:b) https://evil.example \u001b[2J\n/close\n--> ]]> \ud800 \u202e'
const hostile = verdictOf({ slower: 1.5, operation: nasty, service: nasty })

describe('whatever is in the names', () => {
  it('is no Markdown, HTML, link or mention', () => {
    const text = verdictMarkdown(hostile)
    const outsideOfCode = text.replaceAll('\\`', '').replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, 'CODE')
    expect(outsideOfCode).not.toMatch(/(?<!\\)<(?!\/?(details|summary)>)|@\w|#\d|:\/\/|(?<!\\)\[/)
    expect(text).not.toMatch(/\u001b|\u202e|^\/close/m)
    const rows = outsideOfCode.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(8)
  })

  it('is no XML', () => {
    const text = verdictJunit(hostile)
    expect(text).not.toMatch(/<img|\ud800|\u001b|&(?!(amp|lt|gt|quot|apos);)/)
    const tags = [...text.matchAll(/<(\/?)([a-z-]+)[^<>]*?(\/?)>/g)].filter(([tag]) => !tag.startsWith('<?'))
    const open: string[] = []
    for (const [, closes, name, alone] of tags) {
      if (closes) expect(open.pop()).toBe(name)
      else if (!alone) open.push(name!)
    }
    expect(open).toEqual([])
    expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/)
  })

  it('fits into a comment, however long and many they are', () => {
    const long = '@`|<'.repeat(20_000)
    const [finding] = hostile.findings
    const many = Array.from({ length: 1_000 }, (_, at) => ({
      ...finding!,
      // One alone is longer than a comment may be; that they are many is shown by shorter ones.
      operation: `${at === 0 ? long : long.slice(0, 2_000)}${at}`,
      decision: 'fail' as const,
    }))
    const reasons = Array.from({ length: 100 }, () => ({ ...hostile.reasons[0]!, message: long }))
    const notes = reasons.map((reason) => ({ ...reason, weight: 'note' as const }))
    const verdict = { ...hostile, service: long, findings: many, reasons: [...reasons, ...notes] }
    expect(verdictMarkdown(verdict).length).toBeLessThan(60_000)
    // Each of its cases has the name of the service.
    expect(verdictJunit({ ...verdict, service: 'shop' }).match(/<testcase /g)!.length).toBe(501)
  })
})

describe('a terminal', () => {
  it.each([60, 80, 120])('of %i columns has no longer lines of text', (width) => {
    const text = verdictText(verdictOf({ slower: 1.5, operation: 'GET /a/very/long/route/{with}/{parameters}' }), {
      colors: true,
      width,
    })
    const seen = text.replace(/\u001b\[\d+m/g, '').split('\n')
    expect(Math.max(...seen.map((line) => line.length))).toBeLessThanOrEqual(width)
  })

  it('shows both cohorts over time on one scale', async () => {
    const text = verdictText(verdictOf({ slower: 1.5 }), { colors: false, width: 90, charts })
    await expect(text).toMatchFileSnapshot('./charts.golden.txt')
  })

  it('draws what is there, and leaves a gap for what is not', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 0, 7)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline([1, null, 1], 1, 1)).toBe('▁ ▁')
    expect(sparkline([-5, 50], 0, 1)).toBe('▁█')
    expect(sparkline([], 0, 1)).toBe('')
  })
})

const over = (count: number, value: (at: number) => number | null) =>
  Array.from({ length: count }, (_, at) => value(at))
const distribution = (p50: readonly (number | null)[]) => ({ n: p50.map(() => 9), p50, p90: p50, p99: p50 })
const charts = {
  scopes: [
    {
      operation: 'GET /cart',
      metrics: [
        {
          metric: 'latency',
          unit: 'seconds',
          levels: {
            kind: 'distribution',
            stable: distribution(over(120, (at) => 0.02 + 0.004 * Math.sin(at / 9))),
            canary: distribution(over(120, (at) => (at < 30 ? null : 0.03 + 0.004 * Math.sin(at / 9)))),
          },
        },
        {
          metric: 'errors',
          unit: 'share',
          levels: {
            kind: 'rate',
            stable: { n: over(120, () => 100), events: over(120, () => 1) },
            canary: { n: over(120, (at) => (at < 30 ? 0 : 100)), events: over(120, (at) => (at < 60 ? 1 : 5)) },
          },
        },
        { metric: 'throughput', unit: 'number', levels: { kind: 'none' } },
      ],
    },
  ],
} as unknown as Charts

it('a verdict is written in each of the formats', () => {
  const written = verdictFormats.map((format) => renderVerdict(invalid, format, { colors: false }))
  expect(new Set(written).size).toBe(4)
})
