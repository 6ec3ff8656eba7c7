import { startServer } from '@coalmine/server'
import { type Command, Option } from 'commander'
import { CommandError } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { milliseconds, port, storeOption, tokenOption } from '../options.ts'

interface ServeOptions {
  readonly store: string
  readonly host: string
  readonly port: number
  readonly token?: string
  readonly watermark?: number
}

export function serveCommand(command: Command, io: Io): Command {
  return command
    .description('receive spans over OTLP/HTTP, store them, answer comparisons')
    .addOption(storeOption())
    .addOption(new Option('--host <host>', 'where to listen').default('127.0.0.1').env('COALMINE_HOST'))
    .addOption(new Option('--port <port>', '0 takes any free one').argParser(port).default(4318).env('COALMINE_PORT'))
    .addOption(tokenOption())
    .addOption(
      new Option('--watermark <time>', 'how long after its end a five-second tick waits for late spans (default: 15s)')
        .argParser(milliseconds)
        .env('COALMINE_WATERMARK'),
    )
    .action(async ({ store, host, port, token, watermark }: ServeOptions) => {
      const stopped = new Promise<undefined>((resolve) => {
        if (io.stop.aborted) resolve(undefined)
        io.stop.addEventListener('abort', () => resolve(undefined), { once: true })
      })
      const starting = startServer({
        store,
        host,
        port,
        warn: (message) => io.stderr.write(`coalmine: ${message}\n`),
        ...(token === undefined ? {} : { token }),
        ...(watermark === undefined ? {} : { watermarkMs: watermark }),
      })
      const server = await Promise.race([starting, stopped])
      if (!server) throw new CommandError('interrupted', 'stopped before it was listening')
      io.stdout.write(
        `coalmine serves ${store} on ${server.url} (OTLP/HTTP at ${server.url}/v1/traces); Ctrl-C stops it\n`,
      )
      await stopped
      await server.close()
    })
}
