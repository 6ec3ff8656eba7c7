import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
// Strict, and the declarations of our packages and theirs are checked too.
const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023']

/** What the compiler has to say of an installed fixture's typed set-up; an empty text is nothing. */
export function checkTypes(folder: string): Promise<string> {
  return promisify(execFile)(process.execPath, [tsc, ...options, '--types', 'node', 'types.mts'], { cwd: folder }).then(
    () => '',
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
}
