import { startServer } from '@coalmine/server'
import { type Command, Option } from 'commander'
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
      const server = await startServer({
        store,
        host,
        port,
        ...(token === undefined ? {} : { token }),
        ...(watermark === undefined ? {} : { watermarkMs: watermark }),
      })
      io.stdout.write(
        `coalmine serves ${store} on ${server.url} (OTLP/HTTP at ${server.url}/v1/traces); Ctrl-C stops it\n`,
      )
      await new Promise<void>((resolve) => {
        if (io.stop.aborted) resolve()
        io.stop.addEventListener('abort', () => resolve(), { once: true })
      })
      await server.close()
    })
}
