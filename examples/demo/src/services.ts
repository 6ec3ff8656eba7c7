import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What the services of the demo need to know. */
export interface DemoServicesOptions {
  /** Where to send spans, without a path: http://127.0.0.1:4318. */
  readonly otlpUrl: string
  /** How much slower GET /cart is behind the flag of the canary: 0.6 is 60 %. */
  readonly effect: number
  readonly seed: number
  /** The builds of the storefront; the flag is off in 1.0.0 and on in any other. */
  readonly versions: { readonly stable: string; readonly canary: string }
}

/** The running services. */
export interface DemoServices {
  readonly stableUrl: string
  readonly canaryUrl: string
  readonly inventoryUrl: string
  /** Ends all of them, once their last spans are exported. */
  stop(): Promise<void>
}

/**
 * Starts two builds of the storefront, stable and canary, and the inventory that both call, each in a
 * process of its own that ends when this one does, however that happens.
 *
 * @throws Error when a service ends before it listens, and then none is left running
 * @example const services = await startDemoServices({ otlpUrl, effect: 0.6, seed: 1, versions: { stable: '1.0.0', canary: '2.0.0' } })
 */
export async function startDemoServices(options: DemoServicesOptions): Promise<DemoServices> {
  const { otlpUrl, effect, seed, versions } = options
  const running: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(stopService))
  }
  const start = (file: string, env: Record<string, string>): Promise<string> => {
    const child = startService(file, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl })
    running.push(child)
    return urlOf(child, file)
  }
  const storefront = (version: string, inventoryUrl: string, number: number): Promise<string> =>
    start('storefront.js', {
      OTEL_SERVICE_NAME: 'storefront',
      COALMINE_VERSION: version,
      COALMINE_SEND_TO: new URL(inventoryUrl).host,
      COALMINE_SEND_FLAGS: 'new-pricing',
      INVENTORY_URL: inventoryUrl,
      DEMO_EFFECT: String(effect),
      DEMO_SEED: String(seed * 3 + number),
    })
  try {
    const inventoryUrl = await start('inventory.js', {
      OTEL_SERVICE_NAME: 'inventory',
      COALMINE_VERSION: '1.0.0',
      COALMINE_TRUST: 'all',
      DEMO_SEED: String(seed * 3),
    })
    const [stableUrl, canaryUrl] = await Promise.all([
      storefront(versions.stable, inventoryUrl, 1),
      storefront(versions.canary, inventoryUrl, 2),
    ])
    return { stableUrl, canaryUrl, inventoryUrl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function startService(file: string, env: Record<string, string>): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', import.meta.resolve('@coalmine/register'), fileURLToPath(new URL(`../dist/${file}`, import.meta.url))],
    {
      env: { ...process.env, PORT: '0', OTEL_BSP_SCHEDULE_DELAY: '500', OTEL_LOG_LEVEL: 'none', ...env },
      // The channel tells the child when this process has gone; a terminal's Ctrl-C is for this process alone.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      detached: true,
    },
  )
}

async function urlOf(child: ChildProcess, file: string): Promise<string> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with code ${code} before it listened`)
  })
  const [line] = (await Promise.race([
    once(createInterface(child.stdout as NodeJS.ReadableStream), 'line'),
    ended,
  ])) as [string]
  ended.catch(() => {})
  return `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`
}

async function stopService(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  // Past the exporter's own time-out nothing more would come.
  const forced = setTimeout(() => child.kill('SIGKILL'), 12_000)
  await ended
  clearTimeout(forced)
}
