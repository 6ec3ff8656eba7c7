import type { TriedTarget } from './try-targets.ts'

export type { TriedTarget } from './try-targets.ts'

/** Calls `tryTargets` of `try-targets.ts`, which is loaded only when needed. */
export async function tryTargets(
  ...args: Parameters<typeof import('./try-targets.ts').tryTargets>
): Promise<readonly TriedTarget[]> {
  const { tryTargets: send } = await import('./try-targets.ts')
  return send(...args)
}
