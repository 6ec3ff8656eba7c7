import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordedSource } from '../prometheus/source.ts'
import { coalmineHere as coalmine, type Run, storeHere } from './coalmine.ts'
import { type Example, examplesOn, expectPrinted, filesOn, pages, pageText } from './manual.ts'

const root = join(import.meta.dirname, '../..')
const index = join(root, 'packages/cli/README.md')
const ours = 'test/e2e/manual.test.ts'

describe('the examples of the manual', () => {
  let folder: string
  let store: Awaited<ReturnType<typeof storeHere>>
  let prometheus: Awaited<ReturnType<typeof recordedSource>>
  const runs = new Map<string, Promise<Run>>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coalmine-manual-'))
    prometheus = await recordedSource()
    store = await storeHere(folder)
    expect(await coalmine(folder, ['import', join(root, 'examples/demo/canary.jsonl.gz')])).toMatchObject({ code: 0 })
  })
  afterAll(async () => {
    await Promise.all([store.close(), prometheus.close()])
    rmSync(folder, { recursive: true })
  })

  /** Runs a command once, whichever pages show it. */
  function runOf({ page, args }: Example): Promise<Run> {
    const key = args.join('\n')
    // A store does not keep spans for ever.
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    for (const { name, content } of filesOn(page))
      writeFileSync(join(folder, name), name === 'spans.csv' ? content.replaceAll('2026-11-20', yesterday) : content)
    const run =
      runs.get(key) ??
      coalmine(
        folder,
        args.map((arg) => arg.replace('http://prometheus:9090', prometheus.url)),
      )
    runs.set(key, run)
    return run.finally(() => rmSync(join(folder, 'coalmine.yaml'), { force: true }))
  }

  it.each(pages.flatMap(examplesOn).filter(({ keptBy }) => keptBy === ours))(
    '$page prints what it shows',
    async (example) => {
      const { code, stdout, stderr } = await runOf(example)
      // Of input that is refused the messages are shown too; elsewhere standard error has progress alone.
      expectPrinted(example, code === 65 ? stderr + stdout : stdout)
    },
  )
})

describe('every page of the manual', () => {
  it.each(pages)('%s is one task, that begins with a command, and is not long', (page) => {
    const lines = pageText(page).split('\n')
    expect(lines[0]).toMatch(/^# \S/)
    expect(lines.length).toBeLessThanOrEqual(151)
    // The first command is one that a test runs.
    const [first] = /```console\n[\s\S]*?```/.exec(pageText(page)) ?? []
    expect(first).toContain(examplesOn(page)[0]?.printed)
    for (const { keptBy } of examplesOn(page))
      expect(readFileSync(join(root, keptBy), 'utf8')).toMatch(/example(s)?On\(/)
  })

  it('is in the index', () => {
    const text = readFileSync(index, 'utf8')
    expect(pages.filter((page) => !text.includes(`(docs/${page})`))).toEqual([])
  })

  it('is linked to by what it is called, and so is every heading', () => {
    const broken = [
      index,
      join(root, 'README.md'),
      join(root, 'packages/README.md'),
      ...pages.map((page) => join(root, 'packages/cli/docs', page)),
    ]
      .flatMap((file) => linksOf(file).map((link) => ({ file, link })))
      .filter(({ file, link }) => !isThere(file, link))
    expect(broken).toEqual([])
  })
})

it('the index has every command', async () => {
  const help = await coalmine(root, ['--help'])
  const listed = help.stdout.slice(0, help.stdout.indexOf('\nExamples:'))
  const commands = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!)
  expect(commands).toContain('compare')
  const text = readFileSync(index, 'utf8')
  expect(commands.filter((name) => name !== 'help' && !text.includes(`| \`coalmine ${name}`))).toEqual([])
})

/** The links of a Markdown file to other files, or to headings. */
function linksOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  return [...text.matchAll(/(?:\]\(|src(?:set)?=")([^)\s"]+)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^https?:/.test(link))
}

/** Whether a file has what one of its links leads to. */
function isThere(file: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  if (!existsSync(target)) return false
  if (heading === undefined) return true
  const text = readFileSync(target.endsWith('.md') ? target : join(target, 'README.md'), 'utf8')
  return [...text.matchAll(/^#+ (.*)$/gm)].some(([, title]) => anchorOf(title!) === heading)
}

/** What a heading is linked to as. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')
