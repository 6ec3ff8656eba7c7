import { existsSync } from 'node:fs'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as launcher } from 'playwright-core'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/**
 * A real browser: the system's where there is one, else the one that npm brought. That one is told to be a single process,
 * which ends with its first page: it is not told so here.
 */
chromium.setGraphicsMode = false
export async function startBrowser(): Promise<Browser> {
  const own = installed.find((path) => existsSync(path))
  if (own) return launcher.launch({ executablePath: own, args: ['--no-sandbox'] })
  const args = chromium.args.filter(
    (arg) => !['--single-process', '--no-zygote'].includes(arg) && !arg.startsWith('--headless'),
  )
  return launcher.launch({ executablePath: await chromium.executablePath(), args })
}
