import { describe, expect, it } from 'vitest'
import { parseConfig } from '../policy/config.ts'
import { amountAt, amountText } from './plan.ts'
import { isInWindow, parseTimeWindow } from './time-window.ts'

const planOf = (text: string) => parseConfig(`rollout:\n${text.replaceAll(/^/gm, '  ')}\n`, 'coalmine.yaml').rollout!

it('fills in what a rollout leaves out', () => {
  const plan = planOf(`
stages:
  - { hosts: 1, bake: 10m, approve: true }
  - { share: 12.5%, gate: not-fail, deadline: 40m }
  - share: 100%
otherwise: roll back
windows: [Mon-Thu 09:00-16:00]
timeZone: Europe/Berlin
healthFloor: 90%
actuator: { command: ./move.sh }`)
  expect(plan).toEqual({
    stages: [
      stage({ hosts: 1, bakeMs: 600_000, approve: true }),
      stage({ percent: 12.5, gate: 'not-fail', deadlineMs: 2_400_000 }),
      stage({ percent: 100 }),
    ],
    actuator: { kind: 'command', run: './move.sh', readBack: null, timeoutMs: 60_000 },
    windows: [{ days: [1, 2, 3, 4], from: 540, to: 960 }],
    timeZone: 'Europe/Berlin',
    healthFloor: 0.9,
  })
  expect([0, 1, 2, 3].map((at) => amountText(amountAt(plan, at)))).toEqual(['0%', '1 host', '12.5%', '100%'])
})

const stage = (given: object) => ({
  hosts: null,
  percent: null,
  flag: null,
  bakeMs: 1_800_000,
  gate: 'pass',
  deadlineMs: 7_200_000,
  otherwise: 'roll-back',
  approve: false,
  ...given,
})

const move = 'actuator: { command: ./move.sh }'
const two = 'stages: [{ share: 10% }, { share: 100% }]'

describe.each<[string, string]>([
  [`stages: []\n${move}`, 'coalmine.yaml:2: rollout.stages: expected at least one stage, such as { share: 10% }'],
  [
    `stages: [{ bake: 5m }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0: expected one of hosts, share, flag, got none',
  ],
  [
    `stages: [{ hosts: 1, share: 5% }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0: expected one of hosts, share, flag, got hosts and share',
  ],
  [
    `stages: [{ share: 110% }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0.share: expected a share such as 10%, above 0% and up to 100%, got "110%"',
  ],
  [
    `stages: [{ share: 20% }, { share: 10% }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.1: expected more than in the stage before',
  ],
  [
    `stages: [{ share: 20% }, { hosts: 3 }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.1: expected a share, since the stage before has one: hosts come first',
  ],
  [
    `stages: [{ share: 100%, bake: 5m }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0.bake: at 100% there is no stable left to compare with: leave it out',
  ],
  [
    `stages: [{ share: 10%, bake: 5m, deadline: 1m }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0.deadline: expected at least the bake time of the stage (300 s), got 60 s',
  ],
  [
    `stages: [{ flag: pricing }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0.flag: expected a flag and a share such as new-pricing=10%, got "pricing"',
  ],
  [
    `stages: [{ flag: a=10% }, { flag: b=20% }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.1: expected the flag of the stage before, since a rollout moves one flag, or hosts and traffic',
  ],
  [
    `stages: [{ share: 10%, gat: pass }]\n${move}`,
    'coalmine.yaml:2: rollout.stages.0.gat: unknown key; did you mean gate?',
  ],
  [`${two}\n${move}\nhealthflor: 90%`, 'coalmine.yaml:4: rollout.healthflor: unknown key; did you mean healthFloor?'],
  [two, 'coalmine.yaml:2: rollout.actuator: expected'],
  [
    `${two}\nactuator: {}`,
    'coalmine.yaml:3: rollout.actuator: expected one of command, webhook, haproxy, flagd, unleash, launchdarkly, got none',
  ],
  [`${two}\nactuator: { comand: x }`, 'coalmine.yaml:3: rollout.actuator.comand: unknown key; did you mean command?'],
  [
    `${two}\nactuator: { command: { run: x, readback: y } }`,
    'coalmine.yaml:3: rollout.actuator.command.readback: unknown key; did you mean readBack?',
  ],
  [
    `${two}\nactuator: { flagd: { file: flags.json } }`,
    'coalmine.yaml:3: rollout.actuator.flagd: expected stages of a flag, such as { flag: new-pricing=10% }, since it moves flags',
  ],
  [
    `stages: [{ flag: a=10% }]\nactuator: { unleash: { url: "https://unleash.example", token: abc, strategy: s } }`,
    'rollout.actuator.unleash.token: expected $NAME, the variable of the environment that has the secret: it is not written here',
  ],
  [
    `${two}\nactuator: { webhook: { url: "https://cd.example/move", headers: { Authorization: Bearer abc } } }`,
    'rollout.actuator.webhook.headers.Authorization: expected $NAME',
  ],
  [
    `${two}\nactuator: { webhook: "https://me:secret@cd.example/move" }`,
    'rollout.actuator.webhook: expected a URL such as https://example.com/move without a name and password',
  ],
  [`${two}\n${move}\nwindows: [weekdays]`, 'rollout.windows.0: expected days and hours such as Mon-Thu 09:00-16:00'],
  [
    `${two}\n${move}\ntimeZone: Berlin`,
    'coalmine.yaml:4: rollout.timeZone: expected a time zone such as Europe/Berlin',
  ],
  [`${two}\n${move}\nbake: 8d`, 'coalmine.yaml:4: rollout.bake: expected a length of time such as 30m, of 7d at most'],
])('%j', (text, message) => {
  it('is refused with the line, the key and what was expected', () => {
    let refused = ''
    try {
      planOf(text)
    } catch (error) {
      refused = (error as Error).message
    }
    expect(refused).toContain(message)
    // The secret of a line that is refused is not told.
    expect(refused).not.toMatch(/abc|me:secret/)
  })
})

it.each([
  ['Mon-Fri 09:00-17:00', '2026-11-30T08:30:00Z', true],
  ['Mon-Fri 09:00-17:00', '2026-11-30T16:00:00Z', false],
  ['Mon-Fri 09:00-17:00', '2026-11-29T10:00:00Z', false],
  ['Sat-Sun 00:00-24:00', '2026-11-29T10:00:00Z', true],
  ['10:00-12:00', '2026-07-01T08:30:00Z', true],
])('%s in Berlin at %s: %s', (text, at, inside) => {
  expect(isInWindow([parseTimeWindow(text)!], 'Europe/Berlin', Date.parse(at))).toBe(inside)
})
