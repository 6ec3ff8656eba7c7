// npm run release -- --dry-run: packs every package, checks it as a registry and a compiler would, and prints what would go out.
// Without --dry-run it publishes them too, dependencies first. Exit code 1 where a package has a problem.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Packed, packInto } from '../pack.ts'
import { inOrder } from './order.ts'
import { lintProblems, missingFiles, typeProblems } from './problems.ts'

const root = join(import.meta.dirname, '../..')
const isDry = process.argv.slice(2).includes('--dry-run')
const destination = mkdtempSync(join(tmpdir(), 'coalmine-release-'))

try {
  const packages = inOrder(await packInto(destination))
  const checked = await Promise.all(packages.map(async (packed) => ({ packed, problems: await problemsOf(packed) })))
  for (const { packed, problems } of checked) {
    console.log(lineOf(packed))
    for (const problem of problems) console.log(`    ${problem}`)
  }
  const unsound = checked.filter(({ problems }) => problems.length > 0)
  const blocked = [...unsound.map(({ packed }) => packed.name), ...(isDry ? [] : unfinished())]
  if (blocked.length > 0) {
    console.error(`\nNot ready: ${blocked.join(', ')}.`)
    process.exitCode = 1
  } else if (isDry) console.log(`\n${packages.length} packages are sound. Nothing was published.`)
  else for (const { tarball } of packages) execFileSync('npm', ['publish', tarball], { stdio: 'inherit' })
} finally {
  rmSync(destination, { recursive: true })
}

async function problemsOf(packed: Packed): Promise<readonly string[]> {
  const missing = missingFiles(packed).map((path) => `${path} is promised and not there`)
  const changelog = packed.files.includes('CHANGELOG.md')
    ? []
    : ['CHANGELOG.md is not there: run "npx @changesets/cli version"']
  return [...(await lintProblems(packed)), ...(await typeProblems(packed)), ...missing, ...changelog]
}

/** A package's name, version, size and number of files. */
function lineOf({ name, folder, tarball, files }: Packed): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  const kilobytes = `${(statSync(tarball).size / 1_000).toFixed(1)} kB`
  return `${name.padEnd(24)}${version.padEnd(9)}${kilobytes.padStart(10)}${String(files.length).padStart(6)} files`
}

/** What must not be so when packages are published. */
function unfinished(): string[] {
  const changesets = readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md'))
  const changed = execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' })
  return [
    ...(changesets.length > 0 ? [`${changesets.length} changesets are in no CHANGELOG.md yet`] : []),
    ...(changed === '' ? [] : ['there are changes that are not committed']),
  ]
}
