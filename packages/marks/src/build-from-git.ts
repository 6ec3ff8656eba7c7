import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { defined } from './fields.ts'
import { readText, upwards } from './files.ts'

/** The state of a checkout, read from git's files. */
interface Checkout {
  readonly revision?: string
  /** The URL of the remote `origin`, as written in the config. */
  readonly repository?: string
}

/** The author, merger and number of changes of a revision, from git. */
export interface Change {
  readonly author?: string
  readonly merger?: string
  readonly changes?: number
}

/**
 * Reads git's files instead of running git, which production images often lack.
 *
 * @example gitCheckout('/srv/shop') // { revision: 'aeb1d71...', repository: 'git@github.com:acme/shop.git' }
 */
export function gitCheckout(cwd: string): Checkout | undefined {
  for (const folder of upwards(cwd)) {
    const gitFolder = gitFolderOf(folder)
    const head = gitFolder && readText(join(gitFolder, 'HEAD'))?.trim()
    if (!gitFolder || !head) continue
    // In a linked worktree the branches are in the main checkout's folder, which `commondir` names.
    const common = resolve(gitFolder, readText(join(gitFolder, 'commondir'))?.trim() ?? '.')
    return defined({
      revision: isRevision(head.startsWith('ref: ') ? branchRevision(common, head.slice('ref: '.length)) : head),
      repository: originOf(readText(join(common, 'config'))),
    })
  }
  return undefined
}

/**
 * Asks git who wrote and merged a revision, and how many first-parent commits separate it from the previous build: a merge
 * is one change, however many commits it brings. Fields that a shallow clone, or a machine without git, lacks are absent.
 *
 * @example changeFromGit('/srv/shop', 'aeb1d71', 'b5f764b') // { author: 'Ada', merger: 'Grace', changes: 1 }
 */
export function changeFromGit(cwd: string, revision: string, previous: string | undefined): Change {
  if (!isRevision(revision)) return {}
  // Reads the raw commit: a shallow clone's log hides the parents, so a merge would look like the merger's own commit.
  const commit = git(cwd, 'cat-file', 'commit', revision)?.split('\n\n', 1)[0]
  if (commit === undefined) return {}
  const parents = commit.split('\n').filter((line) => line.startsWith('parent '))
  const author = nameOn('author', commit)
  const line = previous && git(cwd, 'rev-list', '--first-parent', '--max-count=1000', revision)?.trim().split('\n')
  const changes = line ? line.findIndex((each) => previous.length >= 7 && each.startsWith(previous)) : -1
  return defined({
    ...(parents.length > 1
      ? { author: git(cwd, 'log', '-1', '--format=%an', `${revision}^2`)?.trim(), merger: author }
      : { author, merger: mergerOn(commit) }),
    changes: changes >= 0 ? changes : undefined,
  })
}

function branchRevision(common: string, name: string): string | undefined {
  const packed = readText(join(common, 'packed-refs'))
    ?.split('\n')
    .find((line) => line.endsWith(` ${name}`))
  return readText(join(common, name))?.trim() ?? packed?.split(' ')[0]
}

function gitFolderOf(folder: string): string | undefined {
  const inside = join(folder, '.git')
  if (readText(join(inside, 'HEAD')) !== undefined) return inside
  const pointer = readText(inside)
  return pointer?.startsWith('gitdir: ') ? resolve(folder, pointer.slice('gitdir: '.length).trim()) : undefined
}

function originOf(config = ''): string | undefined {
  return /^\[remote "origin"\][^[]*?^\s*url\s*=\s*(.+?)\s*$/m.exec(config)?.[1]
}

function isRevision(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined
}

/** Merges on GitHub have GitHub itself as the committer. */
function mergerOn(commit: string): string | undefined {
  const committer = nameOn('committer', commit)
  return committer === 'GitHub' ? undefined : committer
}

function nameOn(role: 'author' | 'committer', commit: string): string | undefined {
  return new RegExp(`^${role} (.+?) <`, 'm').exec(commit)?.[1]
}

function git(cwd: string, ...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd, encoding: 'utf8', timeout: 2000, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}
