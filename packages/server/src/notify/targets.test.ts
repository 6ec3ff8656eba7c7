// Each target against a server that answers as its provider documents.
import { createHmac } from 'node:crypto'
import type { NotifyTarget } from '@coalmine/comparator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TargetReply, type TargetRequest, type TargetServer, targetServer } from '../../test/target-server.ts'
import type { Message } from './notification.ts'
import { newAsk } from './request.ts'
import { type NamedSender, sendersOf } from './senders.ts'
import { signature } from './targets/webhook.ts'

const environment = { SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', KEY: 'k'.repeat(32), TOKEN: 'token-of-ours' }

let provider: TargetServer
let answer: (request: TargetRequest) => TargetReply
const atMs = Date.parse('2026-11-30T14:05:00.000Z')
let stop: AbortController

beforeEach(async () => {
  stop = new AbortController()
  provider = await targetServer((request) => answer(request))
  answer = () => ({ status: 200, body: 'ok' })
})

afterEach(async () => {
  stop.abort()
  await provider.close()
})

function sender(target: NotifyTarget): NamedSender {
  const urls = { SLACK: `${provider.url}/services/T0/B0/s3cret` }
  const all: Record<string, string> = { ...environment, ...urls }
  const secrets = Object.fromEntries(
    Object.entries(target).flatMap(([key, variable]) => (key.endsWith('Env') ? [[key, all[String(variable)]]] : [])),
  )
  const context = {
    ask: newAsk(Object.values(all), stop.signal, () => atMs),
    now: () => atMs,
    baseUrl: () => 'https://coalmine.example',
    verdictOf: async () => undefined,
  }
  return sendersOf([{ name: 'it', target, secrets, missing: undefined }], context)[0]!
}

const hostile = 'GET /<!channel> *x* <@U1|b> `c` http://evil.example'

const message: Message = {
  id: '5d1c0f9a7b3e/settled',
  about: '5d1c0f9a7b3e',
  event: 'fail',
  severity: 'page',
  at: new Date(atMs).toISOString(),
  service: 'shop',
  title: 'FAIL: shop service.version=2.0.0 is worse than service.version=1.9.0',
  text: ['GET /cart: 3.1 % of requests fail, 0.2 % on stable; about 40 requests a minute.', `${hostile}: 9 %.`],
  since: '2026-11-30T14:02:05.000Z',
  deployedAt: '2026-11-30T14:02:05.000Z',
  path: '/comparisons/5d1c0f9a7b3e',
  version: '2.0.0',
  labels: { commit: 'aeb1d71c0ffee' },
  requests: {
    stable: 'service.version=1.9.0',
    canary: 'service.version=2.0.0',
    traffic: 'users',
    audience: [],
    side: 'requests',
  },
  outcome: 'fail',
  url: 'https://coalmine.example/comparisons/5d1c0f9a7b3e',
  change: { commit: 'aeb1d71c0ffee', change: '12', author: 'ada', merger: 'grace' },
  people: [
    { role: 'author', name: 'ada', slack: 'U012AB3CD' },
    { role: 'merger', name: 'gr<a>ce' },
  ],
}

const resolved: Message = { ...message, event: 'resolved', id: '5d1c0f9a7b3e/resolved', title: 'RESOLVED', text: [] }
const passed: Message = {
  ...message,
  event: 'pass',
  severity: 'record',
  outcome: 'pass',
  title: 'PASS: shop',
  text: [],
}
const started: Message = { ...passed, event: 'started', id: '5d1c0f9a7b3e/started', outcome: null }

describe('a webhook', () => {
  it('gets a CloudEvent that is signed as Standard Webhooks has it', async () => {
    const webhook = sender({ type: 'webhook', url: `${provider.url}/in`, secretEnv: 'SECRET' })
    expect(await webhook.deliver(message)).toEqual({ kind: 'sent', note: '200 ok' })
    const [{ headers, json, text }] = provider.asked as [TargetRequest]
    expect(json).toMatchObject({
      specversion: '1.0',
      id: message.id,
      source: 'https://coalmine.example',
      type: 'coalmine.comparison.fail',
      subject: message.about,
      time: message.at,
      data: { service: 'shop', severity: 'page', canary: 'service.version=2.0.0', change: { author: 'ada' } },
    })
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': message.id,
      'webhook-timestamp': String(atMs / 1000),
    })
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
    const signed = createHmac('sha256', key)
      .update(`${message.id}.${atMs / 1000}.${text}`)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signed}`)
  })

  it('has been told what it took, however its answer ends', async () => {
    answer = () => 'cut'
    const webhook = sender({ type: 'webhook', url: provider.url })
    expect(await webhook.deliver(message)).toEqual({ kind: 'sent', note: '200' })
    // What a question was to find out is not known then.
    const grafana = sender({ type: 'grafana', url: provider.url, tokenEnv: 'TOKEN' })
    expect(await grafana.deliver(message)).toMatchObject({ kind: 'later' })
    expect(provider.asked.map(({ method }) => method)).toEqual(['POST', 'GET'])
  })

  it('may answer with a page, which no API does', async () => {
    answer = () => ({ status: 200, body: '<!DOCTYPE html><title>Log in</title>' })
    expect(await sender({ type: 'webhook', url: provider.url }).deliver(message)).toMatchObject({ kind: 'sent' })
    for (const target of [
      { type: 'slack', urlEnv: 'SLACK' },
      { type: 'pagerduty', keyEnv: 'KEY', url: provider.url },
      { type: 'alertmanager', url: provider.url },
      { type: 'grafana', url: provider.url, tokenEnv: 'TOKEN' },
    ] as const)
      expect(await sender(target).deliver(message)).toMatchObject({
        kind: 'refused',
        note: expect.stringContaining('a web page'),
      })
  })

  it('has a signature as others compute it', () => {
    const body = '{"test": 2432232314}'
    expect(signature('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })
})

describe('Slack', () => {
  const slack = () => sender({ type: 'slack', urlEnv: 'SLACK' })

  it('gets blocks in which nothing from outside is a mention, a link or a mark', async () => {
    expect(await slack().deliver(message)).toMatchObject({ kind: 'sent' })
    const [{ path, json }] = provider.asked as [TargetRequest]
    expect(path).toBe('/services/T0/B0/s3cret')
    const blocks = json['blocks'] as { text: { type: string; text: string } }[]
    expect(blocks.map(({ text }) => text.type)).toEqual(['plain_text', 'plain_text', 'mrkdwn'])
    expect(blocks[1]!.text.text.split('\n')).toEqual([
      message.text[0],
      `${hostile}: 9 %.`,
      'Since 2026-11-30 14:02:05 UTC.',
      'Change aeb1d71c0ffe (#12).',
    ])
    expect(blocks[2]!.text.text).toBe(
      'Written by <@U012AB3CD> (ada), merged by gr&lt;a&gt;ce.\n<https://coalmine.example/comparisons/5d1c0f9a7b3e|Open the page>',
    )
    expect(json['text']).toContain('&lt;!channel&gt;')
    expect(json['text']).not.toMatch(/<[!@#]/)
  })

  it('calls nobody for what is over, and is not told what only is to be read', async () => {
    await slack().deliver(resolved)
    expect(provider.asked[0]!.text).not.toContain('<@')
    expect(slack().takes({ ...message, severity: 'record' })).toBe(false)
    expect([message, resolved, passed].map(slack().takes)).toEqual([true, true, false])
  })

  it('is refused for good where the webhook is gone, and its URL is in no note', async () => {
    answer = ({ path }) => ({ status: 404, body: `no_service ${provider.url}${path}` })
    expect(await slack().deliver(message)).toEqual({ kind: 'refused', note: '404 no_service ***' })
  })

  it('has no block without text, which Slack refuses', async () => {
    await slack().deliver({ ...message, title: '\u0007', text: ['', '\n'], since: null, change: {}, people: [] })
    const blocks = provider.asked[0]!.json['blocks'] as { text: { text: string } }[]
    expect(blocks.map(({ text }) => text.text)).toEqual(['Coalmine', expect.stringMatching(/^<https:/)])
  })

  it('keeps within what Slack takes', async () => {
    await slack().deliver({
      ...message,
      title: '🦤'.repeat(300),
      text: ['x'.repeat(9_000), ...Array(9).fill('y'.repeat(600))],
    })
    const blocks = provider.asked[0]!.json['blocks'] as { text: { text: string } }[]
    expect(blocks[0]!.text.text.length).toBeLessThanOrEqual(150)
    expect(blocks[1]!.text.text.length).toBeLessThanOrEqual(3_000)
    expect(blocks[0]!.text.text).not.toMatch(/[\ud800-\udbff]…/)
  })
})

describe('PagerDuty', () => {
  const pagerDuty = () => sender({ type: 'pagerduty', keyEnv: 'KEY', url: provider.url })

  it('is triggered for a page and resolved by the same key; what wakes nobody is a change event', async () => {
    answer = () => ({ status: 202, body: { status: 'success', message: 'Event processed', dedup_key: 'x' } })
    for (const one of [message, resolved, passed, { ...message, severity: 'notify' as const }])
      expect(await pagerDuty().deliver(one)).toMatchObject({ kind: 'sent' })
    const [trigger, resolve, change, milder] = provider.asked
    expect(trigger!.path).toBe('/v2/enqueue')
    expect(trigger!.json).toMatchObject({
      routing_key: environment.KEY,
      event_action: 'trigger',
      dedup_key: 'coalmine/5d1c0f9a7b3e',
      payload: {
        summary: message.title,
        severity: 'critical',
        source: 'shop',
        custom_details: { author: 'ada', merger: 'gr<a>ce', commit: 'aeb1d71c0ffee' },
      },
    })
    expect(resolve!.json).toMatchObject({
      routing_key: environment.KEY,
      event_action: 'resolve',
      dedup_key: 'coalmine/5d1c0f9a7b3e',
      payload: { source: 'shop' },
    })
    expect([change!.path, milder!.path]).toEqual(['/v2/change/enqueue', '/v2/change/enqueue'])
    expect(change!.json).toMatchObject({ payload: { summary: 'PASS: shop', timestamp: message.at } })
    expect(pagerDuty().takes({ ...resolved, severity: 'notify' })).toBe(false)
    // An incident that was opened is closed, though the file does not say so.
    const failsAlone = sender({ type: 'pagerduty', keyEnv: 'KEY', url: provider.url, on: ['fail'] })
    expect([message, resolved, passed].map(failsAlone.takes)).toEqual([true, true, false])
  })

  it('is sent the alert without its details where these are too large', async () => {
    answer = ({ text }) => ({ status: text.length > 512_000 ? 400 : 202 })
    expect(await pagerDuty().deliver({ ...message, labels: { a: 'x'.repeat(600_000) } })).toMatchObject({
      kind: 'sent',
    })
  })

  it('is asked again where it is busy, and not where the event is wrong', async () => {
    answer = () => ({ status: 429, headers: { 'retry-after': '30' } })
    expect(await pagerDuty().deliver(message)).toEqual({ kind: 'later', note: '429', afterMs: 30_000 })
    answer = () => ({
      status: 400,
      body: { status: 'invalid event', message: 'Event object is invalid', errors: ["'routing_key' is invalid"] },
    })
    expect(await pagerDuty().deliver(message)).toEqual({
      kind: 'refused',
      note: "400 Event object is invalid; 'routing_key' is invalid",
    })
  })
})

describe('Alertmanager', () => {
  const alerts = () => sender({ type: 'alertmanager', url: `${provider.url}/am/`, user: 'us', passwordEnv: 'TOKEN' })
  const posted = (at: number) => JSON.parse(provider.asked[at]!.text) as Record<string, Record<string, string>>[]

  it('gets an alert that goes on for five minutes, and again, and one of the same labels that ends', async () => {
    await alerts().deliver({ ...message, severity: 'notify' })
    await alerts().repeat!([{ ...message, severity: 'notify' }])
    await alerts().deliver({ ...resolved, severity: 'notify' })
    expect(provider.asked[0]).toMatchObject({
      path: '/am/api/v2/alerts',
      headers: { authorization: `Basic ${Buffer.from('us:token-of-ours').toString('base64')}` },
    })
    const [[first], [again], ended] = [posted(0), posted(1), posted(2)]
    expect(first).toMatchObject({
      labels: { alertname: 'CanaryFails', service: 'shop', severity: 'warning', canary: 'service.version=2.0.0' },
      startsAt: message.since,
      endsAt: '2026-11-30T14:10:00.000Z',
      generatorURL: message.url,
    })
    expect(again).toEqual(first)
    expect(ended!.find(({ labels }) => labels!['severity'] === 'warning')).toMatchObject({
      labels: first!['labels'],
      endsAt: message.at,
    })
  })

  it('that is more urgent is another alert, and the milder one is over', async () => {
    await alerts().deliver(message)
    expect(posted(0).map(({ labels, endsAt }) => [labels!['severity'], endsAt])).toEqual([
      ['critical', '2026-11-30T14:10:00.000Z'],
      ['warning', message.at],
    ])
  })
})

describe('Grafana', () => {
  const grafana = () => sender({ type: 'grafana', url: `${provider.url}/`, tokenEnv: 'TOKEN', dashboard: 'dash' })

  /** Keeps annotations, as Grafana does. */
  function keeping(): Map<number, Record<string, unknown>> {
    const kept = new Map<number, Record<string, unknown>>()
    answer = ({ method, path, json, headers }) => {
      if (headers.authorization !== 'Bearer token-of-ours') return { status: 401, body: { message: 'Unauthorized' } }
      const { pathname, searchParams } = new URL(path, provider.url)
      if (method === 'GET') {
        const wanted = searchParams.getAll('tags')
        const found = [...kept].filter(([, { tags }]) => wanted.every((tag) => (tags as string[]).includes(tag)))
        return { status: 200, body: found.map(([id, one]) => ({ id, ...one })) }
      }
      const id = method === 'POST' ? kept.size + 1 : Number(pathname.split('/').at(-1))
      kept.set(id, { ...kept.get(id), ...json })
      return { status: 200, body: { message: 'Annotation added', id } }
    }
    return kept
  }

  it('has one annotation from start to end, however often it is told', async () => {
    const kept = keeping()
    for (const one of [started, started, message, message]) await grafana().deliver(one)
    expect([...kept.values()]).toEqual([
      {
        dashboardUID: 'dash',
        time: atMs,
        timeEnd: atMs,
        tags: ['coalmine', 'coalmine:5d1c0f9a7b3e', 'service:shop', 'fail'],
        text: expect.stringContaining('GET /&lt;!channel&gt;'),
      },
    ])
  })

  it('that was never told of the start has it from the first request on', async () => {
    const kept = keeping()
    await grafana().deliver(message)
    expect([...kept.values()]).toMatchObject([{ time: Date.parse(message.deployedAt!), timeEnd: atMs }])
  })
})

describe('GitHub', () => {
  const github = (more = {}) =>
    sender({ type: 'github', tokenEnv: 'TOKEN', repository: 'us/shop', api: provider.url, ...more })
  const what = () => provider.asked.map(({ method, path }) => `${method} ${path}`)

  interface Comment {
    readonly id: number
    body: string
    readonly user: { readonly login: string; readonly type: string }
  }

  /** Keeps comments, as GitHub does, a page of one each. */
  function keeping(comments: Comment[] = [], login?: string): Comment[] {
    const user = login === undefined ? { login: 'ours[bot]', type: 'Bot' } : { login, type: 'User' }
    answer = ({ method, path, json }) => {
      const { pathname, searchParams } = new URL(path, provider.url)
      if (pathname === '/user') return login === undefined ? { status: 403 } : { status: 200, body: user }
      if (pathname.endsWith('/pulls')) return { status: 200, body: [{ number: 7, merged_at: '2026-11-30', user: {} }] }
      if (pathname.includes('/statuses/')) return { status: 201, body: {} }
      if (method === 'GET') {
        const page = Number(searchParams.get('page') ?? 1)
        const next = `<${provider.url}${pathname}?per_page=100&page=${page + 1}>; rel="next"`
        return {
          status: 200,
          headers: page < comments.length ? { link: next } : {},
          body: comments.slice(page - 1, page),
        }
      }
      if (method === 'PATCH') comments.find(({ id }) => pathname.endsWith(`/${id}`))!.body = String(json['body'])
      else comments.push({ id: comments.length + 1, body: String(json['body']), user })
      return { status: method === 'PATCH' ? 200 : 201, body: {} }
    }
    return comments
  }

  it('gets a status, and one comment that is edited, on whichever page it is', async () => {
    const user = { login: 'ours[bot]', type: 'Bot' }
    const others = [1, 2].map((id) => ({ id, body: '<!-- coalmine cart -->', user }))
    const comments = keeping(others)
    await github().deliver(started)
    expect(what()).toEqual(['POST /repos/us/shop/statuses/aeb1d71c0ffee'])
    expect(provider.asked[0]!.json).toMatchObject({ state: 'pending', context: 'coalmine', target_url: message.url })
    expect(provider.asked[0]!.headers).toMatchObject({ authorization: 'Bearer token-of-ours' })
    await github().deliver(message)
    await github().deliver(message)
    const statuses = provider.asked.filter(({ path }) => path.includes('/statuses/'))
    expect(statuses.map(({ json }) => json['state'])).toEqual(['pending', 'failure', 'failure'])
    expect(String(statuses[1]!.json['description']).length).toBeLessThanOrEqual(140)
    expect(comments).toHaveLength(3)
    const { body } = comments[2]!
    expect(body.split('\n')[0]).toBe('<!-- coalmine shop -->')
    expect(body).toMatch(/\\<!\u200b?channel>/)
    expect(body).not.toMatch(/@[a-zA-Z]/)
  })

  it('looks for the pull request that brought the commit, where that is not known', async () => {
    const comments = keeping()
    await github().deliver({ ...message, change: { commit: 'aeb1d71c0ffee' } })
    expect(what()).toContain('GET /repos/us/shop/commits/aeb1d71c0ffee/pulls')
    expect(what().at(-1)).toBe('POST /repos/us/shop/issues/7/comments')
    expect(comments).toHaveLength(1)
  })

  it.each([undefined, 'coalmine-user'])(
    'edits no comment of somebody else who copied its mark, as %s',
    async (login) => {
      const theirs = { id: 1, body: '<!-- coalmine shop -->\nnot ours', user: { login: 'mallory', type: 'User' } }
      const comments = keeping([theirs], login)
      for (let times = 0; times < 2; times++) await github().deliver(message)
      expect(comments.map(({ body }) => body.includes('not ours'))).toEqual([true, false])
    },
  )

  it('says what is missing, and sends nothing', async () => {
    expect(await github().deliver({ ...message, change: {} })).toMatchObject({
      kind: 'refused',
      note: 'no commit: give the comparison the label commit',
    })
    expect(await github().deliver({ ...message, change: { commit: '../../x' } })).toMatchObject({ kind: 'refused' })
    // Whoever only looks around has none, and nothing failed.
    expect(await github().deliver({ ...started, change: {} })).toMatchObject({
      kind: 'sent',
      note: expect.stringMatching(/^nothing sent: /),
    })
    expect(await github({ repository: undefined }).deliver(message)).toMatchObject({
      note: 'no repository: set "repository" of the target in coalmine.yaml',
    })
    expect(provider.asked).toEqual([])
  })

  it('waits where its limit is met, and takes the token to no other host', async () => {
    answer = () => ({
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(atMs / 1000 + 90) },
      body: { message: 'API rate limit exceeded' },
    })
    expect(await github().deliver(message)).toMatchObject({ kind: 'later', afterMs: 90_000 })
    answer = ({ method }) =>
      method === 'GET'
        ? { status: 200, headers: { link: '<http://127.0.0.1:9/next>; rel="next"' }, body: [] }
        : { status: 201 }
    expect(await github().deliver(message)).toMatchObject({ kind: 'refused', note: 'the next page is at another host' })
    answer = () => ({ status: 403, body: { message: 'Resource not accessible by integration' } })
    expect(await github().deliver(message)).toMatchObject({
      kind: 'refused',
      note: expect.stringContaining('(the token needs statuses: write and pull-requests: write)'),
    })
  })
})
