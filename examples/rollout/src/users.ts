import { Agent, get } from 'node:http'

/** Users, who ask a shop for its cart so many times a second. */
export function startUsers(port: number, perSecond: number): () => void {
  const agent = new Agent({ keepAlive: true })
  const timer = setInterval(() => {
    const request = get({ agent, host: '127.0.0.1', port, path: '/cart' }, (answer) => answer.resume())
    // One that is not answered is not asked again.
    request.on('error', () => {})
  }, 1000 / perSecond)
  return () => {
    clearInterval(timer)
    agent.destroy()
  }
}
