import { changeLine, cut, peopleLine, plainLine, sinceLine } from '../lines.ts'
import { isAbove, type Message, type Person } from '../notification.ts'
import type { Sender, SenderContext } from './target.ts'

// What Slack takes at most, and what it refuses the whole message for.
const [longestHeader, longestText] = [150, 3_000]

/** A message to the channel of an incoming webhook: what comes from spans stands in plain text, where nothing is a mention or a link. */
export function newSlack(url: string, { ask }: SenderContext): Sender {
  return {
    takes: ({ event, severity }) => (event !== 'fail' && event !== 'alert') || isAbove(severity, 'record'),
    deliver: async (message) => {
      const { delivery } = await ask({ method: 'POST', url, body: JSON.stringify(slackMessage(message)) })
      return delivery
    },
  }
}

function slackMessage(message: Message): object {
  const { title, text, severity, event, url } = message
  // A block without text makes Slack refuse the whole message.
  const head = plainLine(title) || 'Coalmine'
  const told = [...text.map(plainLine), sinceLine(message), changeLine(message)].filter(
    (line) => line !== undefined && line !== '',
  )
  // Nobody is called for what went well, or is over.
  const calls = (event === 'fail' || event === 'alert') && isAbove(severity, 'record')
  const people = peopleLine(message, (person) => (calls ? mention(person) : escaped(plainLine(person.name))))
  return {
    text: cut(escaped([head, ...told].join(' ')), longestText),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(head, longestHeader), emoji: false } },
      ...(told.length > 0
        ? [{ type: 'section', text: { type: 'plain_text', text: cut(told.join('\n'), longestText), emoji: false } }]
        : []),
      {
        type: 'section',
        text: {
          type: 'mrkdwn',
          text: [people, `<${linkOf(url)}|Open the page>`].filter((line) => line !== undefined).join('\n'),
          verbatim: true,
        },
      },
    ],
  }
}

function mention({ name, slack }: Person): string {
  const shown = escaped(plainLine(name))
  if (slack === undefined) return shown
  return `${slack.startsWith('S') ? `<!subteam^${slack}>` : `<@${slack}>`} (${shown})`
}

/** What Slack asks to be escaped; marks of emphasis are kept apart from what they would mark. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`](?=\S)/g, '$&\u200b')
}

const linkOf = (url: string): string => url.replace(/[<>|\s]/g, (character) => encodeURIComponent(character))
