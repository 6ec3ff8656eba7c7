import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import type { FlagReference } from '@coalmine/comparator'
import { defaultConfig } from './config-file.ts'
import { CommandError } from './exit-codes.ts'

const run = promisify(execFile)
const mostBytes = 2_000_000
const never = new Set(['node_modules', '.git', '.hg', '.svn', '.coalmine'])
const sniffed = 8_000

/**
 * Finds where the source code in a folder names a flag, by its key or as an identifier. Skips binary files and, if git is
 * available, git-ignored files.
 *
 * @throws {CommandError} of kind `usage` if the folder does not exist.
 */
export async function flagReferences(folder: string, flag: string): Promise<readonly FlagReference[]> {
  const there = await stat(folder).catch(() => undefined)
  if (!there?.isDirectory()) throw new CommandError('usage', `--code ${folder}: there is no such folder`)
  const named = aliasesOf(flag)
  const found: FlagReference[] = []
  for (const file of (await filesIn(folder)).toSorted()) {
    // It declares the flag's owner until the flag itself is gone.
    if (file === defaultConfig) continue
    const text = await textOf(join(folder, file))
    if (text === undefined || !named.words.some((word) => text.includes(word))) continue
    for (const [at, line] of text.split('\n').entries())
      if (named.pattern.test(line)) found.push({ file: file.split(sep).join('/'), line: at + 1, text: line.trim() })
  }
  return found
}

/**
 * Returns how code may write a flag's key. A key of one word is only searched for in quotes: unquoted it may mean anything.
 *
 * @example aliasesOf('new-pricing').words // ['new-pricing', 'new_pricing', 'newPricing', 'NewPricing', 'NEW_PRICING']
 */
export function aliasesOf(flag: string): { readonly words: readonly string[]; readonly pattern: RegExp } {
  const parts = flag
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase())
  if (parts.length < 2) return { words: [flag], pattern: new RegExp(`(["'\`])${escaped(flag)}\\1`, 'u') }
  const pascal = parts.map((part) => part[0]!.toUpperCase() + part.slice(1)).join('')
  const camel = pascal[0]!.toLowerCase() + pascal.slice(1)
  // An identifier may have further words before or after, as in isNewPricingOn.
  const humps = [`(?<![\\p{L}\\p{N}_$])${camel}(?![\\p{Ll}\\p{N}])`, `(?<![\\p{Lu}])${pascal}(?![\\p{Ll}\\p{N}])`]
  const whole = [...new Set([flag, parts.join('-'), parts.join('_'), parts.join('_').toUpperCase(), parts.join('.')])]
  const exact = whole.map((word) => `(?<![\\p{L}\\p{N}_-])${escaped(word)}(?![\\p{L}\\p{N}_-])`)
  // A constant may have words before or after, as in FLAG_NEW_PRICING.
  const constant = `(?<![\\p{L}\\p{N}])(?:[A-Z0-9]+_)*${escaped(parts.join('_').toUpperCase())}(?:_[A-Z0-9]+)*(?![\\p{L}\\p{N}])`
  return {
    words: [...whole, camel, pascal],
    pattern: new RegExp([...exact, constant, ...humps].join('|'), 'u'),
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** Lists the files in a folder, with paths relative to it. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    const args = ['-C', folder, 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
    const { stdout } = await run('git', args, { maxBuffer: 512_000_000 })
    return [...new Set(stdout.split('\0'))].filter((file) => file !== '' && !isNever(file))
  } catch {
    const all = await readdir(folder, { recursive: false, withFileTypes: true })
    const files: string[] = []
    for (const entry of all) await walk(folder, join(folder, entry.name), entry.isDirectory(), entry.isFile(), files)
    return files
  }
}

async function walk(root: string, path: string, isFolder: boolean, isFile: boolean, files: string[]): Promise<void> {
  const name = relative(root, path)
  if (isNever(name)) return
  if (isFile) files.push(name)
  if (!isFolder) return
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => []))
    await walk(root, join(path, entry.name), entry.isDirectory(), entry.isFile(), files)
}

const isNever = (file: string): boolean => file.split(/[/\\]/).some((part) => never.has(part))

/** Reads a file's text. Undefined if it is missing, a link, too large, or binary. */
async function textOf(path: string): Promise<string | undefined> {
  const there = await stat(path).catch(() => undefined)
  if (!there?.isFile() || there.size > mostBytes) return undefined
  const bytes = await readFile(path).catch(() => undefined)
  return bytes === undefined || bytes.subarray(0, sniffed).includes(0) ? undefined : bytes.toString('utf8')
}
