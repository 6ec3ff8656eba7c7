import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { coalmine } from '@coalmine/express'
import { signMarker } from '@coalmine/marks'
import { FlagdProvider } from '@openfeature/flagd-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testContextHook } from './openfeature.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-flagd-'))
const key = { id: 'k1', secret: 's'.repeat(32) }
const stopped = new Set<string>()
const app = express()
app.use(coalmine({ markers: { keys: [key], isRevoked: (run) => stopped.has(run) } }))
app.get('/', async (_req, res) => {
  const client = OpenFeature.getClient('runs')
  const evaluate = (flag: string) => client.getBooleanValue(flag, false, { targetingKey: 'jane', tier: 'gold' })
  res.json({ checkout: await evaluate('checkout'), user42: await evaluate('user-42'), gold: await evaluate('gold') })
})
const server = http.createServer(app)

beforeAll(async () => {
  const file = join(folder, 'flags.json')
  const onlyIf = (variable: string, value: string) => ({
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant: 'off',
    targeting: { if: [{ '==': [{ var: variable }, value] }, 'on', 'off'] },
  })
  const flags = {
    checkout: onlyIf('coalmine.test.run', 'load-7'),
    'user-42': onlyIf('coalmine.test.entity', 'user:42'),
    gold: onlyIf('tier', 'gold'),
  }
  writeFileSync(file, JSON.stringify({ flags }))
  const provider = new FlagdProvider({ resolverType: 'in-process', offlineFlagSourcePath: file })
  await OpenFeature.setProviderAndWait('runs', provider)
  OpenFeature.addHooks(testContextHook())
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  server.close().closeAllConnections()
  OpenFeature.clearHooks()
  await OpenFeature.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('flagd switches a feature on for one test run only', () => {
  it.each<[string, () => Record<string, string>, boolean, boolean]>([
    ['a user', () => ({}), false, false],
    ['that run', () => ({ 'coalmine-test': signed({ run: 'load-7' }) }), true, false],
    ['that run, about one user', () => ({ 'coalmine-test': signed({ run: 'load-7', entity: 'user:42' }) }), true, true],
    ['another run', () => ({ 'coalmine-test': signed({ run: 'load-8' }) }), false, false],
    ['who claims to be that run', () => ({ baggage: 'coalmine.test=true,coalmine.test.run=load-7' }), false, false],
  ])('for %s', async (_, headers, checkout, user42) => {
    expect(await get(headers())).toEqual({ checkout, user42, gold: true })
  })

  it('until it is stopped', async () => {
    const headers = { 'coalmine-test': signed({ run: 'load-7' }) }
    expect(await get(headers)).toMatchObject({ checkout: true })
    stopped.add('load-7')
    expect(await get(headers)).toMatchObject({ checkout: false })
  })
})

function signed(marker: { run: string; entity?: string }): string {
  return signMarker({ ...marker, expiresAt: Date.now() + 60_000 }, key)
}

async function get(headers: Record<string, string>): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers })).json()
}
