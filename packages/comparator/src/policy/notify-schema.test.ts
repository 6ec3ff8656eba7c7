import { describe, expect, it } from 'vitest'
import { parseConfig } from './config.ts'

const notifyOf = (text: string) => parseConfig(`notify:\n${text.replace(/^/gm, '  ')}`, 'coalmine.yaml').notify

describe('notify in coalmine.yaml', () => {
  it('names targets, owners, people and what is critical', () => {
    const text = `targets:
  team: { type: slack, urlEnv: SLACK_URL, on: [fail, pass], services: [shop] }
  bus: { type: webhook, url: "https://bus.example/in", secretEnv: BUS_SECRET }
services:
  shop: { owner: team shop, slack: S012AB3CD, critical: [GET /cart] }
people: { ada: U012AB3CD }
pageFrom: 25
giveUpAfter: 2h`
    expect(notifyOf(text)).toEqual({
      targets: {
        team: { type: 'slack', urlEnv: 'SLACK_URL', on: ['fail', 'pass'], services: ['shop'] },
        bus: { type: 'webhook', url: 'https://bus.example/in', secretEnv: 'BUS_SECRET' },
      },
      services: { shop: { owner: 'team shop', slack: 'S012AB3CD', critical: ['GET /cart'] } },
      people: { ada: 'U012AB3CD' },
      pageFrom: 25,
      giveUpAfter: 7_200,
    })
  })

  it.each([
    [
      'targets:\n  team: { type: slcak, urlEnv: A }',
      '3: notify.targets.team.type: expected one of webhook, slack, pagerduty, alertmanager, github, grafana, got "slcak"',
    ],
    [
      'targets:\n  team: { urlEnv: A }',
      '3: notify.targets.team.type: expected one of webhook, slack, pagerduty, alertmanager, github, grafana, got undefined',
    ],
    [
      'targets:\n  team: { type: slack, urlenv: A }',
      '3: notify.targets.team.urlEnv: expected the name of an environment variable; the secret itself does not belong in this file\ncoalmine.yaml:3: notify.targets.team.urlenv: unknown key; did you mean urlEnv?',
    ],
    [
      'targets:\n  team: { type: slack, urlEnv: A, on: [failed] }',
      '3: notify.targets.team.on.0: expected one of started, interim, pass, fail, inconclusive, invalid, resolved, got "failed"',
    ],
    [
      'targets: {}\nservices:\n  shop: { onwer: us }',
      '4: notify.services.shop.onwer: unknown key; did you mean owner?',
    ],
    ['targets: {}\npagefrom: 3', '3: notify.pagefrom: unknown key; did you mean pageFrom?'],
    ['targets:\n  bus: { type: webhook }', '3: notify.targets.bus: expected one of url, urlEnv'],
    [
      'targets:\n  all: { type: alertmanager, url: alertmanager:9093 }',
      '3: notify.targets.all.url: expected a URL such as https://alerts.example, got "alertmanager:9093"',
    ],
    [
      'targets: {}\npeople: { ada: "@ada" }',
      '3: notify.people.ada: expected the id of a member or group in Slack, such as U012AB3CD (in a profile, "Copy member ID"), got "@ada"',
    ],
    [
      'targets: {}\ngiveUpAfter: soon',
      '3: notify.giveUpAfter: expected a length of time such as 30m, 6h or 2d, got "soon"',
    ],
    ['people: {}', '2: notify.targets: expected keys and values, got undefined'],
  ])('refuses %j', (text, message) => {
    expect(() => notifyOf(text)).toThrow(`coalmine.yaml:${message}`)
  })

  it('does not repeat a secret that was written where the name of its variable belongs', () => {
    const written = 'targets:\n  team: { type: slack, urlEnv: "https://hooks.example/services/T0/B0/s3cret" }'
    expect(() => notifyOf(written)).toThrow(
      /^coalmine.yaml:3: notify.targets.team.urlEnv: expected the name of(?!.*s3cret)/,
    )
  })
})
