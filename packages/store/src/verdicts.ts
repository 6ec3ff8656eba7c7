import type { Engine } from './engine/engine.ts'
import { failedCanaries as failedCanariesOf, rememberVerdict as rememberVerdictOf } from './queries/comparisons.ts'

/** A verdict that settled a comparison. */
export interface SettledVerdict {
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly verdict: 'pass' | 'fail'
}

/** Remembers a verdict, unless the last one of this canary was the same. */
export async function rememberVerdict(engine: Engine, verdict: SettledVerdict): Promise<void> {
  await engine.write(rememberVerdictOf, { ...verdict })
}

/** The selectors of a service's canaries whose last settled verdict is FAIL, the newest first, at most 20. */
export async function failedCanaries(engine: Engine, service: string): Promise<readonly string[]> {
  const rows = await engine.read<{ canary: string }>(failedCanariesOf, { service })
  return rows.map(({ canary }) => canary)
}
