import http from 'node:http'

/** When the second piece of a body follows. */
const secondPieceMs = 60

/** How a request is sent. */
export interface Call {
  /** Another server than the contract's own. */
  readonly port?: number
  readonly agent?: http.Agent
  readonly headers?: http.OutgoingHttpHeaders
  /** Sent as JSON, in two pieces. */
  readonly body?: unknown
  /** Gives the request up when this has come true; of its body, only the first piece is sent. */
  readonly abortWhen?: () => Promise<unknown>
}

/** What came back; `body` is parsed when it is JSON. */
export interface Answer {
  readonly status: number | undefined
  readonly text: string
  readonly body: unknown
}

/** Sends a GET request, or a POST request when there is a body. */
export function send({
  port,
  agent,
  path,
  headers = {},
  body,
  abortWhen,
}: Call & { port: number; agent: http.Agent; path: string }): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const request = http.request({ method, port, host: '127.0.0.1', agent, path, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        const isJson = response.headers['content-type']?.includes('json')
        resolve({ status: response.statusCode, text, body: isJson ? JSON.parse(text) : undefined })
      })
    })
    request.on('error', reject)
    if (body === undefined) request.end()
    else sendInTwo(request, JSON.stringify(body), abortWhen !== undefined)
    abortWhen?.().then(() => request.destroy(new Error('given up')), reject)
  })
}

function sendInTwo(request: http.ClientRequest, text: string, firstAlone: boolean): void {
  request.setHeader('content-type', 'application/json')
  const half = text.length >> 1
  request.write(text.slice(0, half))
  if (firstAlone) return
  setTimeout(() => request.end(text.slice(half)), secondPieceMs)
}
