import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Packed } from '../pack.ts'

/** Packages in an order in which each comes after those that it depends on. */
export function inOrder(packages: readonly Packed[]): readonly Packed[] {
  const byName = new Map(packages.map((packed) => [packed.name, packed]))
  const ordered = new Set<Packed>()
  const add = (packed: Packed): void => {
    if (ordered.has(packed)) return
    for (const name of dependenciesOf(packed)) {
      const needed = byName.get(name)
      if (needed) add(needed)
    }
    ordered.add(packed)
  }
  for (const packed of packages) add(packed)
  return [...ordered]
}

function dependenciesOf({ folder }: Packed): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>
    readonly peerDependencies?: Readonly<Record<string, string>>
  }
  return Object.keys({ ...manifest.peerDependencies, ...manifest.dependencies })
}
