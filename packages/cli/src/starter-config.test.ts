import { parseConfig } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { starterConfig } from './starter-config.ts'

it('shows a notify that is sound once it is no comment any more', () => {
  const seen = { service: 'shop: "x"', builds: [], operations: [{ operation: 'GET /cart, "y"', requests: 3 }] }
  const lines = starterConfig(seen).split('\n')
  const from = lines.indexOf('# notify:')
  const block = lines.slice(from, lines.indexOf('', from)).map((line) => line.replace(/^# /, ''))
  expect(parseConfig(block.join('\n'), 'coalmine.yaml').notify).toEqual({
    targets: {
      team: { type: 'slack', urlEnv: 'SLACK_WEBHOOK_URL' },
      oncall: { type: 'pagerduty', keyEnv: 'PAGERDUTY_KEY' },
    },
    services: { 'shop: "x"': { owner: 'our team', critical: ['GET /cart, "y"'] } },
  })
})
