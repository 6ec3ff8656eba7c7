// What was measured is kept, so that a run that is interrupted goes on where it stopped.
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Calibrated, seedOf } from './cells.ts'
import type { Result } from './simulate.ts'

const root = join(import.meta.dirname, '../..')

/** Everything that a result depends on but its cell and seed: the built packages, and what draws and asks. */
const measuring = [
  'packages/stats/dist/**/*.js',
  'packages/comparator/dist/**/*.js',
  'test/calibration/{cells,generate,simulate,split-units,which-of-them}.ts',
  'test/calibration/peers/*.ts',
]

export interface Kept {
  read(cell: Calibrated): Result | undefined
  write(cell: Calibrated, result: Result): void
}

/** The results of earlier runs of the same code. */
export function openKept(folder: string = join(import.meta.dirname, '.kept')): Kept {
  const code = createHash('sha256')
  for (const file of globSync(measuring, { cwd: root }).sort()) code.update(file).update(readFileSync(join(root, file)))
  const version = code.digest('hex')
  const pathOf = (cell: Calibrated): string => {
    const key = JSON.stringify([version, cell.group, cell.name, cell.runs, seedOf(cell)])
    return join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`)
  }
  mkdirSync(folder, { recursive: true })
  return {
    read(cell) {
      try {
        // JSON has no Infinity.
        return JSON.parse(readFileSync(pathOf(cell), 'utf8'), (_, value) => (value === 'never' ? Infinity : value))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    write(cell, result) {
      const text = JSON.stringify(result, (_, value) => (value === Infinity ? 'never' : value))
      // Whole or not at all, should it be interrupted here.
      writeFileSync(`${pathOf(cell)}.part`, text)
      renameSync(`${pathOf(cell)}.part`, pathOf(cell))
    },
  }
}
