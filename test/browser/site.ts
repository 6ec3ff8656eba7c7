import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { serve } from '../e2e/coalmine.ts'
import { startBrowser } from './browser.ts'
import { complaintsOf, look } from './look.ts'

type Server = Awaited<ReturnType<typeof serve>>

/** A server, a browser and a page of it, for all tests of a file. */
export interface Site {
  readonly folder: string
  readonly server: Server
  readonly page: Page
  /** Opens a page of the server. */
  readonly open: (path: string) => Promise<void>
  readonly see: (text: string | RegExp) => Promise<void>
  /** Waits for a verdict's word in the banner. */
  readonly verdict: (text: string) => Promise<void>
  readonly post: <Answer>(path: string, body: object) => Promise<Answer>
  /** Starts a comparison of builds 1.0.0 and 2.0.0, and gives its id. */
  readonly compare: (body: object) => Promise<string>
  /** Starts the server again on the same store and port. */
  readonly restart: (args?: readonly string[]) => Promise<void>
  /** Has a state looked at; what is wrong with it is told at the end, for all states together. */
  readonly lookAt: (name: string) => Promise<void>
  /** What is wrong with what was looked at, and what the browser complained of. */
  readonly problems: () => readonly string[]
}

/** As long as a busy machine may need. */
export const patient = { timeout: 240_000 }

/** The cohorts of most comparisons. */
export const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

const serveArgs = ['--watermark', '0s']

/** Makes it before the tests of the file that calls this, with some files in its folder, and removes it afterwards. */
export function newSite(files: Readonly<Record<string, string>> = {}): Site {
  const found: string[] = []
  let browser: Browser
  let server: Server
  let page: Page
  let complaints: readonly string[] = []

  const site: Site = {
    folder: mkdtempSync(join(tmpdir(), 'coalmine-page-')),
    get server() {
      return server
    },
    get page() {
      return page
    },
    open: async (path) => void (await page.goto(server.url + path)),
    see: (text) => page.getByText(text).first().waitFor(patient),
    verdict: (text) => page.locator('.verdict', { hasText: text }).waitFor(patient),
    post: async <Answer>(path: string, body: object) => {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      expect(response.ok, await response.clone().text()).toBe(true)
      return (await response.json()) as Answer
    },
    compare: async (body) => {
      const { id } = await site.post<{ id: string }>('/api/comparisons', { ...cohorts, waitMs: 3_600_000, ...body })
      return id
    },
    restart: async (args = []) => {
      server = await serve(site.folder, [...serveArgs, '--port', new URL(server.url).port, '--grpc-port', '0', ...args])
    },
    lookAt: async (name) => void found.push(...(await look(page, name))),
    problems: () => [...found, ...complaints],
  }

  for (const [name, text] of Object.entries(files)) writeFileSync(join(site.folder, name), text)
  beforeAll(async () => {
    const starting = serve(site.folder, serveArgs)
    browser = await startBrowser()
    server = await starting
    // Its own locale is none that browsers know.
    page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 900 } })
    complaints = complaintsOf(page)
  })

  afterAll(async () => {
    await browser?.close()
    server?.process.kill('SIGKILL')
    rmSync(site.folder, { recursive: true, force: true })
  })

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    console.log(`${page.url()} shows:\n${await page.locator('main').textContent()}`)
  })
  return site
}
