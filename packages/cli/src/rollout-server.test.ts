import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RolloutPhase } from '@coalmine/comparator'
import { afterEach, expect, it } from 'vitest'
import { followRollout } from './rollout-server.ts'

// What a server tells of a rollout: phase after phase, the last one from then on.
let phases: RolloutPhase[] = []
const shown: RolloutPhase[] = []
const server = createServer((_request, response) => {
  const phase = phases.length > 1 ? phases.shift()! : phases[0]!
  const endedAt = phase === 'rolled-back' || phase === 'completed' ? '2026-11-30T10:00:00.000Z' : null
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: 'a', phase, stages: [], endedAt }))
})

afterEach(() => {
  server.close().closeAllConnections()
  shown.splice(0)
})

async function follow(told: RolloutPhase[], stuckForMs?: number) {
  phases = told
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const show = ({ phase }: { readonly phase: RolloutPhase }): void => void shown.push(phase)
  return followRollout(async () => ({ url }), 'a', new AbortController().signal, { show, stuckForMs })
}

it('leaves a rollout that is stuck for as long as is waited, as it is', async () => {
  expect(await follow(['baking', 'stuck'], 1)).toMatchObject({ phase: 'stuck', endedAt: null })
  expect(shown[0]).toBe('baking')
})

it('waits for one that is stuck and then goes back, and counts each time that it was stuck anew', async () => {
  expect(await follow(['stuck', 'baking', 'stuck', 'rolled-back'], 60_000)).toMatchObject({ phase: 'rolled-back' })
  expect(shown).toEqual(['stuck', 'baking', 'stuck'])
})

it('stays with one that is stuck where nobody says for how long', async () => {
  expect(await follow(['stuck', 'stuck', 'completed'])).toMatchObject({ phase: 'completed' })
  expect(shown).toEqual(['stuck', 'stuck'])
})
