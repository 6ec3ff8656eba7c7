import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Amount } from '@coalmine/comparator'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { launchDarklyActuator } from './launchdarkly.ts'
import { unleashActuator } from './unleash.ts'
import { webhookActuator } from './webhook.ts'

interface Request {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

let requests: Request[] = []
let answer: (request: Request) => { readonly status?: number; readonly body?: unknown; readonly location?: string } =
  () => ({})
const server = createServer(async (request, response) => {
  const body = await text(request)
  const { method = '', url = '', headers } = request
  const one: Request = { method, url, headers, body: body === '' ? undefined : JSON.parse(body) }
  requests.push(one)
  const { status = 200, body: said = {}, location } = answer(one)
  response
    .writeHead(status, location === undefined ? {} : { location })
    .end(typeof said === 'string' ? said : JSON.stringify(said))
})
let base = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())
beforeEach(() => {
  requests = []
  answer = () => ({})
})

const context = { rollout: 'r1', service: 'shop', stable: 'service.version=1', canary: 'service.version=2', stage: 2 }
const env = { CD_TOKEN: 'sesame-sesame' }
const go = new AbortController().signal
const share = (percent: number, flag: string | null = null): Amount => ({ hosts: null, percent, flag })

describe('a webhook', () => {
  const plan = (given: object = {}) =>
    ({
      kind: 'webhook',
      url: `${base}/move?key=1`,
      headers: { authorization: 'Bearer $CD_TOKEN' },
      readBack: null,
      timeoutMs: 5_000,
      ...given,
    }) as const

  it('is sent how much there is to be, with a secret of the environment', async () => {
    answer = () => ({ body: { done: 'sesame-sesame' } })
    expect(await webhookActuator(plan(), env).move(share(10), context, go)).toBe('{"done":"$CD_TOKEN"}')
    expect(requests).toMatchObject([
      {
        method: 'POST',
        url: '/move?key=1',
        headers: { authorization: 'Bearer sesame-sesame', 'content-type': 'application/json' },
      },
    ])
    expect(requests[0]!.body).toEqual({ ...context, hosts: null, percent: 10, flag: null })
  })

  it.each<[object, Amount, object | string]>([
    [{ percent: 10 }, share(10), { matches: true, text: '10%' }],
    [{ percent: 9 }, share(10), { matches: false, text: '9%' }],
    [{ hosts: 1 }, { hosts: 1, percent: null, flag: null }, { matches: true, text: '1' }],
    [{ hosts: 0 }, share(0), { matches: true, text: '0' }],
    [{ weight: 3 }, share(10), 'the answer of readBack has no number percent'],
  ])('reads back %j', async (body, amount, expected) => {
    answer = () => ({ body })
    const read = webhookActuator(plan({ readBack: `${base}/now` }), env).read(amount, context, go)
    if (typeof expected === 'string') await expect(read).rejects.toThrow(expected)
    else expect(await read).toEqual(expected)
  })

  it.each<[string, object, string]>([
    ['that says no', { status: 503, body: 'busy, sesame-sesame' }, '/move answers 503: busy, $CD_TOKEN'],
    // A secret is not carried on to whoever it says.
    ['that sends on', { status: 302, location: 'http://elsewhere.example/' }, '/move answers 302'],
  ])('%s has not moved', async (_, answered, message) => {
    answer = () => answered
    await expect(webhookActuator(plan(), env).move(share(10), context, go)).rejects.toThrow(message)
    expect(requests.length).toBe(1)
  })

  it('whose secret is not set says which', async () => {
    await expect(webhookActuator(plan(), {}).move(share(10), context, go)).rejects.toThrow('$CD_TOKEN is not set')
    expect(requests).toEqual([])
  })

  it('that is not there is named without what follows its path', async () => {
    const gone = webhookActuator(plan({ url: 'http://127.0.0.1:1/move?key=1' }), env).move(share(10), context, go)
    await expect(gone).rejects.toThrow(/^POST http:\/\/127\.0\.0\.1:1\/move cannot be reached: \w+/)
  })
})

describe('Unleash', () => {
  const strategy = {
    name: 'flexibleRollout',
    title: 'Gradual rollout',
    disabled: false,
    constraints: [{ contextName: 'region', operator: 'IN', values: ['eu'] }],
    parameters: { groupId: 'new-pricing', rollout: '1', stickiness: 'default' },
    variants: [],
    segments: [3],
    sortOrder: 1,
  }
  const actuator = () =>
    unleashActuator(
      {
        kind: 'unleash',
        url: `${base}/`,
        token: '$CD_TOKEN',
        project: 'default',
        environment: 'production',
        strategy: 's-1',
        timeoutMs: 5_000,
      },
      env,
    )
  const url = '/api/admin/projects/default/features/new-pricing/environments/production/strategies/s-1'

  it('is sent all of the strategy back, with the share as text', async () => {
    answer = () => ({ body: { id: 's-1', ...strategy } })
    await actuator().move(share(12.5, 'new-pricing'), context, go)
    expect(requests.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
      ['GET', url, 'sesame-sesame'],
      ['PUT', url, 'sesame-sesame'],
    ])
    expect(requests[1]!.body).toEqual({ ...strategy, parameters: { ...strategy.parameters, rollout: '12.5' } })
    expect(await actuator().read(share(1, 'new-pricing'), context, go)).toEqual({ matches: true, text: '1%' })
    answer = () => ({ body: { id: 's-1', name: 'default', parameters: {} } })
    await expect(actuator().read(share(1, 'new-pricing'), context, go)).rejects.toThrow(
      'strategy s-1 of new-pricing is not a gradual rollout',
    )
  })
})

describe('LaunchDarkly', () => {
  const actuator = () =>
    launchDarklyActuator(
      {
        kind: 'launchdarkly',
        url: base,
        token: '$CD_TOKEN',
        project: 'shop',
        environment: 'production',
        on: 'id-on',
        off: 'id-off',
        contextKind: 'user',
        timeoutMs: 5_000,
      },
      env,
    )

  it('is sent a semantic patch with weights of a thousandth of a percent', async () => {
    await actuator().move(share(12.5, 'new-pricing'), context, go)
    expect(requests).toMatchObject([
      {
        method: 'PATCH',
        url: '/api/v2/flags/shop/new-pricing',
        headers: {
          authorization: 'sesame-sesame',
          'content-type': 'application/json; domain-model=launchdarkly.semanticpatch',
        },
        body: {
          environmentKey: 'production',
          comment: 'coalmine rollout r1, stage 2',
          instructions: [
            {
              kind: 'updateFallthroughVariationOrRollout',
              rolloutContextKind: 'user',
              rolloutWeights: { 'id-on': 12_500, 'id-off': 87_500 },
            },
          ],
        },
      },
    ])
  })

  it.each<[object, number, object]>([
    [
      {
        on: true,
        fallthrough: {
          rollout: {
            variations: [
              { variation: 0, weight: 10_000 },
              { variation: 1, weight: 90_000 },
            ],
          },
        },
      },
      10,
      { matches: true, text: '10%' },
    ],
    [{ on: true, fallthrough: { variation: 0 } }, 10, { matches: false, text: '100%' }],
    [{ on: false, fallthrough: { variation: 0 } }, 10, { matches: false, text: 'switched off' }],
  ])('reads back %j', async (environment, percent, expected) => {
    answer = () => ({
      body: { variations: [{ _id: 'id-on' }, { _id: 'id-off' }], environments: { production: environment } },
    })
    expect(await actuator().read(share(percent, 'new-pricing'), context, go)).toEqual(expected)
    expect(requests[0]!.url).toBe('/api/v2/flags/shop/new-pricing?env=production')
  })
})
