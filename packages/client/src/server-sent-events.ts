/** One event of a stream. */
export interface ServerSentEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/**
 * Reads server-sent events piece by piece, wherever a piece ends; what is not whole in the end is left out.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * @example newEventReader().read('id: 7\nevent: look\ndata: {}\n\n') // [{ id: '7', event: 'look', data: '{}' }]
 */
export function newEventReader(): { readonly read: (text: string) => readonly ServerSentEvent[] } {
  let rest = ''
  let [id, event] = ['', '']
  let data: string[] = []

  const field = (line: string): void => {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
  }

  return {
    read: (text) => {
      rest += text
      // Half of a line break at the end may be a whole one.
      const whole = rest.endsWith('\r') ? rest.slice(0, -1) : rest
      const lines = whole.split(/\r\n|\n|\r/)
      rest = lines.pop()! + rest.slice(whole.length)
      const found: ServerSentEvent[] = []
      for (const line of lines) {
        if (line !== '') {
          field(line)
          continue
        }
        if (data.length > 0) found.push({ id, event: event || 'message', data: data.join('\n') })
        event = ''
        data = []
      }
      return found
    },
  }
}
