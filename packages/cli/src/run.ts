import { constants } from 'node:os'
import { exitCodes } from '@coalmine/client'
import pc from 'picocolors'
import { type CommandError, exitCodeOf, troubleCodes } from './exit-codes.ts'
import { type Io, tell } from './io.ts'
import { program } from './program.ts'

/** The one place that touches the process: its arguments, streams and signals come in here, its exit code goes out. */
export async function run(process: NodeJS.Process): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Who asks twice does not want to wait for what is being put away.
      if (stop.signal.aborted) endBy(signal, process)
      stop.abort()
    })
  }
  // The demo starts processes that must not outlive it.
  if (process.connected) {
    process.once('disconnect', () => stop.abort())
    process.channel?.unref()
  }
  const { stdin, stdout, stderr, env } = process
  let lost = false
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that has seen enough (`| head`) is no error.
      if (error.code === 'EPIPE' || lost) return
      lost = true
      stop.abort()
      process.exitCode = troubleCodes.unavailable
      if (stream === stdout) {
        stderr.write(
          `coalmine: standard output cannot be written (${error.code ?? error.message}); is its disk full?\n`,
        )
      }
    })
  }
  // An empty variable is none: CI systems set those that have no value.
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('COALMINE_') && value === '') delete env[name]
  }
  // Piped output stays plain even where a CI system sets CI, which picocolors takes for a terminal.
  const colors = pc.isColorSupported && (stdout.isTTY === true || Boolean(env['FORCE_COLOR']))
  const io: Io = { stdin, stdout, stderr, env, colors, stop: stop.signal }
  const code = await main(process.argv.slice(2), io)
  if (!lost) process.exitCode = code
  // What was stopped while it waited for a store would hold the process up.
  if (stop.signal.aborted) process.exit()
}

/**
 * Ends the process as the signal would have. An exit runs what libraries do at their end, and the engine crashes there while
 * one of its statements runs: half of the time the process ended with a segmentation fault instead.
 */
function endBy(signal: 'SIGINT' | 'SIGTERM', process: NodeJS.Process): never {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // The first process of a container is not ended by a signal.
  return process.exit(128 + constants.signals[signal])
}

/** Runs one command line; returns its exit code. Throws only what is a bug of ours. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.pass
  try {
    await program(io, (outcome) => {
      code = exitCodeOf(outcome)
    }).parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (isCommandError(error)) {
      tell(io, error.message)
      return troubleCodes[error.kind]
    }
    if (isCommanderError(error)) return error.exitCode === 0 ? exitCodes.pass : troubleCodes.usage
    throw error
  }
}

function isCommandError(error: unknown): error is CommandError {
  return (
    error instanceof Error &&
    'kind' in error &&
    typeof error.kind === 'string' &&
    Object.hasOwn(troubleCodes, error.kind)
  )
}

function isCommanderError(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}
