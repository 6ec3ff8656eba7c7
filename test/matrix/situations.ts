import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inherited } from '../inherited.ts'
import type { Packed } from '../pack.ts'

const run = promisify(execFile)
const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
const readme = readFileSync(join(import.meta.dirname, '../../packages/register/README.md'), 'utf8')

/** What an application has, and the row of register's README that says what it installs. */
export const situations: readonly { readonly row: string; readonly has: readonly string[] }[] = [
  { row: 'has no OpenTelemetry', has: ['express@5'] },
  { row: 'has OpenTelemetry 2.x or `@sentry/node` 10', has: ['express@5', '@sentry/node@10'] },
]

/** The command of a row: the first one in it. */
export function commandOf(row: string): string {
  const command = readme
    .split('\n')
    .find((line) => line.startsWith(`| ${row}`))
    ?.match(/`(npm i [^`]+)`/)?.[1]
  if (command === undefined) throw new Error(`register's README has no command where it says: ${row}`)
  return command
}

/**
 * Runs a row's command in a folder with what the application has, with our packages from their tarballs, and starts
 * an application there: gives what was said, which is nothing where the command is right.
 */
export async function tryInstall(
  parent: string,
  { row, has }: (typeof situations)[number],
  packages: readonly Packed[],
): Promise<string> {
  const folder = mkdtempSync(join(parent, 'situation-'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  await run('npm', ['install', '--ignore-scripts', ...quick, ...has], { cwd: folder })
  const tarball = (name: string): string => packages.find((one) => one.name === name)?.tarball ?? name
  const wanted = commandOf(row).split(' ').slice(2).map(tarball)
  try {
    await run('npm', ['install', '--ignore-scripts', ...quick, ...wanted, tarball('@coalmine/marks')], { cwd: folder })
    const env = { ...inherited, OTEL_TRACES_EXPORTER: 'none' }
    const start = ['--import', '@coalmine/register', '--eval', `require('@coalmine/express')`]
    return (await run(process.execPath, start, { cwd: folder, env })).stderr
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error)
  }
}
