import type { Server } from './client.ts'

/** One of the events that a server sends. */
export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/**
 * The server-sent events of a route after the one of an id, until the server ends the stream or breaks off; what is not
 * whole by then is left out. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* eventsOf(
  { url, token }: Server,
  path: string,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const headers: Record<string, string> = { accept: 'text/event-stream', 'last-event-id': after }
  if (token) headers['authorization'] = `Bearer ${token}`
  const response = await fetch(url.replace(/\/+$/, '') + path, { headers, signal })
  if (!response.ok || !response.body) throw new Error(`${path}: HTTP ${response.status}`)
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]))
      const [id, event, data] = [fields.get('id'), fields.get('event'), fields.get('data')]
      if (id !== undefined && event !== undefined && data !== undefined) yield { id, event, data: JSON.parse(data) }
    }
  }
}
