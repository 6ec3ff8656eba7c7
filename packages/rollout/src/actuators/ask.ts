import { ActuatorError } from './actuator.ts'
import { type Environment, withoutSecrets } from './environment.ts'

/** A request to a URL. */
export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly env: Environment
}

const mostShown = 300

/** Sends a request and returns the text of a 2xx answer. Throws an ActuatorError that quotes any other answer, without secrets. */
export async function ask(url: string, asked: Asked): Promise<string> {
  const { method = 'GET', headers = {}, body, timeoutMs, signal, env } = asked
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const { origin, pathname } = new URL(url)
  const shown = withoutSecrets(`${method} ${origin}${pathname}`, env)
  try {
    const response = await fetch(url, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // Redirects would pass secrets on to another server, and turn a POST into a GET.
      redirect: 'manual',
      signal: stop,
    })
    const text = await response.text()
    if (response.ok) return text
    const said = withoutSecrets(text.slice(0, mostShown), env)
    throw new ActuatorError(`${shown} answers ${response.status}${said === '' ? '' : `: ${said}`}`)
  } catch (error) {
    if (error instanceof ActuatorError) throw error
    if (signal.aborted) throw new ActuatorError(`${shown} was interrupted`)
    if (stop.aborted) throw new ActuatorError(`${shown} took longer than ${timeoutMs / 1000} s`)
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
    throw new ActuatorError(
      `${shown} cannot be reached: ${withoutSecrets(cause?.code ?? cause?.message ?? message, env)}`,
    )
  }
}

/** Sends a request whose answer is JSON. */
export async function askJson(url: string, asked: Asked): Promise<Record<string, unknown>> {
  const text = await ask(url, asked)
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    throw new ActuatorError(
      `${new URL(url).origin} answers what is not JSON: ${withoutSecrets(text.slice(0, mostShown), asked.env)}`,
    )
  }
}
