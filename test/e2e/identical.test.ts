import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '@coalmine/comparator'
import { startDemoServices, startLoad } from '@coalmine/demo'
import { expect, it } from 'vitest'
import { serve } from './coalmine.ts'

// The quiet process is colder than the busy one, by tenths of a millisecond: the absolute margin is for that.
it('two identical Express processes under 90/10 traffic do not fail, though one looks again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
  const server = await serve(folder, ['--store', 'identical'])
  const versions = { stable: '1.0.0', canary: '1.0.1' }
  const services = await startDemoServices({ otlpUrl: server.url, effect: 0, seed: 3, versions })
  const stop = new AbortController()
  try {
    const targets = [
      { url: services.stableUrl, share: 0.9 },
      { url: services.canaryUrl, share: 0.1 },
    ]
    const load = startLoad({ targets, ratePerSecond: 60, testShare: 0, seed: 3, signal: stop.signal })
    const request = {
      service: 'storefront',
      stable: 'service.version=1.0.0',
      canary: 'service.version=1.0.1',
      // Seconds in which a process that does so little gets warm.
      policy: { split: 0.1, warmUp: 10 },
    }
    for (let looks = 0; looks < 5; await sleep(2000)) {
      const body = JSON.stringify(request)
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${server.url}/api/compare`, { method: 'POST', headers, body })
      const { verdict, reasons } = (await answer.json()) as Verdict
      expect(reasons.filter(({ code }) => code === 'worse-than-margin')).toEqual([])
      if (verdict !== 'invalid') looks += 1
    }
    stop.abort()
    await load.done
  } finally {
    stop.abort()
    await services.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
