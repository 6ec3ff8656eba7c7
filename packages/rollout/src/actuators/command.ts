import { spawn } from 'node:child_process'
import { type Amount, type CommandActuator, isWhole } from '@coalmine/comparator'
import { type Actuator, ActuatorError, type MoveContext, readingOf } from './actuator.ts'
import { type Environment, withoutSecrets } from './environment.ts'

/** Runs a shell command; environment variables tell it the wanted amount. */
export function commandActuator({ run, readBack, timeoutMs }: CommandActuator, env: Environment): Actuator {
  const ran = (command: string, amount: Amount, context: MoveContext, signal: AbortSignal): Promise<string> =>
    output(command, { ...env, ...variables(amount, context) }, { timeoutMs, signal })
  return {
    move: (amount, context, signal) => ran(run, amount, context, signal),
    read: async (amount, context, signal) =>
      readBack === null ? null : readingOf(await ran(readBack, amount, context, signal), amount),
  }
}

function variables(
  { hosts, percent, flag }: Amount,
  { rollout, service, stable, canary, stage }: MoveContext,
): Environment {
  return {
    // The server's own token is not passed on to commands.
    COALMINE_TOKEN: undefined,
    COALMINE_ROLLOUT: rollout,
    COALMINE_SERVICE: service,
    COALMINE_STABLE: stable,
    COALMINE_CANARY: canary,
    COALMINE_BUILD: /^service\.version=([^,]+)$/.exec(canary)?.[1] ?? '',
    COALMINE_STAGE: String(stage),
    COALMINE_HOSTS: hosts === null ? '' : String(hosts),
    COALMINE_PERCENT: percent === null ? '' : String(percent),
    COALMINE_FLAG: flag ?? '',
    COALMINE_ALL: String(isWhole({ hosts, percent, flag })),
  }
}

const mostBytes = 100_000

async function output(
  command: string,
  env: Environment,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string> {
  // In a process group of its own, so that its child processes end with it.
  const child = spawn(command, { shell: true, detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [said, complained] = ['', '']
  child.stdout.on('data', (bytes: Buffer) => {
    if (said.length < mostBytes) said += bytes
  })
  child.stderr.on('data', (bytes: Buffer) => {
    complained = (complained + bytes).slice(-mostBytes)
  })
  const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const kill = (): void => endGroup(child.pid)
  stop.addEventListener('abort', kill)
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      if (stop.aborted) kill()
      child.on('error', reject)
      child.on('close', (code, how) => resolve(code ?? how ?? 'a signal'))
    })
    if (signal.aborted) throw new ActuatorError('the command was interrupted')
    if (stop.aborted) throw new ActuatorError(`the command took longer than ${timeoutMs / 1000} s, and was ended`)
    if (code === 0) return withoutSecrets(said, env)
    const why = withoutSecrets(complained.trim() === '' ? said : complained, env)
    throw new ActuatorError(`the command ended with ${code}${why === '' ? '' : `: ${why}`}`)
  } catch (error) {
    if (error instanceof ActuatorError) throw error
    throw new ActuatorError(`the command cannot be run: ${(error as Error).message}`)
  } finally {
    stop.removeEventListener('abort', kill)
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}
