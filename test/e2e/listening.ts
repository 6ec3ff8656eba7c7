import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

// Two programs that were each told of a free port may be told of the same: they take any, and say which.
const saying = `data:text/javascript,${encodeURIComponent(`
  import { Server } from 'node:net'
  const { listen } = Server.prototype
  Server.prototype.listen = function (...args) {
    this.once('listening', () => process.send?.(this.address().port))
    return listen.apply(this, args)
  }`)}`

/** Starts a program of Node that listens, on port 0, and gives the port that it got. */
export async function startListening(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
  const child = spawn(process.execPath, ['--import', saying, ...args], { ...options, stdio: [...stdio] })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with code ${code}`)))
  ended.catch(() => {})
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number]
  return { child, port }
}
