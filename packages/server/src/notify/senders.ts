import type { NotifyEvent, NotifyTarget, Verdict } from '@coalmine/comparator'
import type { Notification } from './notification.ts'
import { askingApi } from './request.ts'
import type { TargetSettings } from './settings.ts'
import { newAlertmanager } from './targets/alertmanager.ts'
import { newGitHub } from './targets/github.ts'
import { newGrafana } from './targets/grafana.ts'
import { newPagerDuty } from './targets/pagerduty.ts'
import { newSlack } from './targets/slack.ts'
import type { Sender, SenderContext } from './targets/target.ts'
import { newWebhook } from './targets/webhook.ts'
import { usualEvents } from './usual-events.ts'

/** A sender under the name of its target. */
export interface NamedSender extends Sender {
  readonly name: string
}

/** With what senders of all kinds work. */
export interface SendersContext extends SenderContext {
  readonly verdictOf: (about: string) => Promise<Verdict | undefined>
}

/** The senders of targets that are on, each with the kinds of messages it gets. */
export function sendersOf(settings: readonly TargetSettings[], context: SendersContext): readonly NamedSender[] {
  return settings
    .filter(({ missing }) => missing === undefined)
    .map(({ name, target, secrets }) => {
      const sender = senderOf(target, secrets, context)
      return { ...sender, name, takes: (notification) => isToldOf(target, notification) && sender.takes(notification) }
    })
}

function senderOf(target: NotifyTarget, secrets: TargetSettings['secrets'], anyContext: SendersContext): Sender {
  if (target.type === 'webhook') return newWebhook(target.url ?? secrets.urlEnv!, secrets.secretEnv, anyContext)
  const context = { ...anyContext, ask: askingApi(anyContext.ask) }
  switch (target.type) {
    case 'slack':
      return newSlack(secrets.urlEnv!, context)
    case 'pagerduty':
      return newPagerDuty(secrets.keyEnv!, target.url ?? 'https://events.pagerduty.com', context)
    case 'alertmanager': {
      const { tokenEnv: token, passwordEnv: password } = secrets
      return newAlertmanager({ url: target.url, token, user: target.user, password }, context)
    }
    case 'github': {
      const { api = 'https://api.github.com', repository, status = 'coalmine', comment = true } = target
      const { verdictOf } = context
      return newGitHub({ api, token: secrets.tokenEnv!, repository, status, comment, verdictOf }, context)
    }
    case 'grafana':
      return newGrafana({ url: target.url, token: secrets.tokenEnv!, dashboard: target.dashboard }, context)
  }
}

function isToldOf({ type, on = usualEvents[type], services }: NotifyTarget, { event, service }: Notification): boolean {
  if (event === 'test') return true
  // An alert of something else is as urgent as a FAIL is.
  const asked: NotifyEvent = event === 'alert' ? 'fail' : event
  // What was opened there is to be closed there, whatever else it is told.
  const closes = event === 'resolved' && (type === 'pagerduty' || type === 'alertmanager') && on.includes('fail')
  return (closes || on.includes(asked)) && (services === undefined || services.includes(service))
}
