import type { TriedTarget } from './try-targets.ts'

export type { TriedTarget } from './try-targets.ts'

/** Does what `tryTargets` of `try-targets.ts` says; what it is made of is loaded only then. */
export async function tryTargets(
  ...args: Parameters<typeof import('./try-targets.ts').tryTargets>
): Promise<readonly TriedTarget[]> {
  const { tryTargets: send } = await import('./try-targets.ts')
  return send(...args)
}
