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
      // A second signal ends the process without waiting for cleanup.
      if (stop.signal.aborted) endBy(signal, process)
      stop.abort()
    })
  }
  // A process started by the demo must not outlive it.
  if (process.connected) {
    process.once('disconnect', () => stop.abort())
    process.channel?.unref()
  }
  const { stdin, stdout, stderr, env } = process
  let lost = false
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A reader that closes the pipe early (`| head`) is not an error.
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
  // Ignores empty variables, because CI systems set them for missing values.
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('COALMINE_') && value === '') delete env[name]
  }
  // Piped output stays plain even if CI is set, which picocolors takes for a terminal.
  const colors = pc.isColorSupported && (stdout.isTTY === true || Boolean(env['FORCE_COLOR']))
  const io: Io = { stdin, stdout, stderr, env, colors, stop: stop.signal }
  const code = await main(process.argv.slice(2), io)
  if (!lost) process.exitCode = code
  // A command stopped while waiting for a store would keep the process alive.
  if (stop.signal.aborted) process.exit()
}

/**
 * Ends the process as the signal would have. A normal exit runs the libraries' exit handlers, where the engine crashes while a
 * statement is running: half of the time the process ended with a segmentation fault instead.
 */
function endBy(signal: 'SIGINT' | 'SIGTERM', process: NodeJS.Process): never {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // A signal does not end the first process of a container.
  return process.exit(128 + constants.signals[signal])
}

/** Runs one command line and returns its exit code. Anything it throws is a bug. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.pass
  try {
    const coalmine = await program(argv, io, (outcome) => {
      code = exitCodeOf(outcome)
    })
    await coalmine.parseAsync(argv, { from: 'user' })
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
