import pc from 'picocolors'
import { type CommandError, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { program } from './program.ts'

/** The one place that touches the process: its arguments, streams and signals come in here, its exit code goes out. */
export async function run(process: NodeJS.Process): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const { stdin, stdout, stderr, env } = process
  // Piped output stays plain even where a CI system sets CI, which picocolors takes for a terminal.
  const colors = pc.isColorSupported && (stdout.isTTY === true || Boolean(env['FORCE_COLOR']))
  const io: Io = { stdin, stdout, stderr, env, colors, stop: stop.signal }
  process.exitCode = await main(process.argv.slice(2), io)
}

/** Runs one command line; returns its exit code. Throws only what is a bug of ours. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.pass
  try {
    await program(io, (outcome) => {
      code = exitCodes[outcome]
    }).parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (isCommandError(error)) {
      io.stderr.write(`coalmine: ${error.message}\n`)
      return exitCodes[error.kind]
    }
    if (isCommanderError(error)) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage
    throw error
  }
}

function isCommandError(error: unknown): error is CommandError {
  return error instanceof Error && 'kind' in error && typeof error.kind === 'string' && error.kind in exitCodes
}

function isCommanderError(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}
