import { execFile } from 'node:child_process'
import { accessSync, constants, cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Packed } from '../pack.ts'

const run = promisify(execFile)
const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
/** What an application that is marked installs of ours. */
const ours = ['marks', 'register', 'express', 'fastify', 'flags'].map((name) => `@coalmine/${name}`)

/** The two lines of OpenTelemetry JS, with everything that is installed beside our packages, pinned. */
export type Fixture = 'otel-2' | 'otel-3'

/**
 * Installs a fixture in a folder of its own, as its lock file has it, with our packages from their tarballs, so that npm
 * judges our peer ranges as it would at a user's. `instead` are packages that take the place of the fixture's.
 */
export async function install(
  parent: string,
  fixture: Fixture,
  packages: readonly Packed[],
  instead: readonly string[] = [],
): Promise<string> {
  const folder = mkdtempSync(join(parent, `${fixture}-`))
  cpSync(join(import.meta.dirname, 'fixtures', fixture), folder, { recursive: true })
  cpSync(join(import.meta.dirname, 'app'), folder, { recursive: true })
  const tarballs = packages.filter(({ name }) => ours.includes(name)).map(({ tarball }) => tarball)
  await run('npm', ['install', '--no-save', '--ignore-scripts', ...quick, ...tarballs, ...instead], { cwd: folder })
  return folder
}

/** The version of a package that a folder has. */
export function versionOf(folder: string, name: string): string {
  return (JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version
}

/** A Node of this major version: this one, one on the PATH, or else npm's. */
export async function findNode(major: number, parent: string): Promise<string> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  for (const node of [process.execPath, ...onPath.filter(isExecutable)]) {
    if ((await majorOf(node)) === major) return node
  }
  const folder = mkdtempSync(join(parent, `node-${major}-`))
  await run('npm', ['install', '--no-save', ...quick, `node@${major}`], { cwd: folder })
  return join(folder, 'node_modules/node/bin/node')
}

async function majorOf(node: string): Promise<number> {
  const { stdout } = await run(node, ['-p', 'process.versions.node'])
  return Number.parseInt(stdout, 10)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
