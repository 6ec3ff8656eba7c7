import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const coalmine = join(dirname(require.resolve('coalmine/package.json')), 'bin', 'coalmine.js')
const shop = join(import.meta.dirname, 'shop.js')

/** A coalmine server. */
export async function startCoalmine(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  return started([coalmine, 'serve', '--host', '127.0.0.1', '--no-grpc', '--watermark', '1s', ...args], env)
}

/** One instance of the shop. */
export interface Instance {
  readonly version: string
  readonly name: string
  readonly port: number
  readonly isBad?: boolean
}

/** An instance of the shop, which sends its spans to a coalmine server. */
export async function startShop({ version, name, port, isBad = false }: Instance, url: string): Promise<ChildProcess> {
  return started(['--import', '@coalmine/register', shop], {
    OTEL_SERVICE_NAME: 'shop',
    COALMINE_VERSION: version,
    COALMINE_INSTANCE: name,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '500',
    SHOP_PORT: String(port),
    SHOP_IS_BAD: String(isBad),
  })
}

/** The output of a command of coalmine. */
export async function runCoalmine(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [coalmine, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes
  })
  await once(child, 'close')
  return said
}

async function started(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  // Each says one line once it can be reached.
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error(`it ended before it could be reached: ${args.join(' ')}`)
    }),
  ])
  child.stdout.resume()
  return child
}
