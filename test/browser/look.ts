import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Where screenshots go, which git ignores: they are there to be looked at. */
export const screenshots: string = join(import.meta.dirname, '../screenshots')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// They take longer than all the rest, and are for eyes.
const areShown = process.env['COALMINE_SCREENSHOTS'] === 'all'

/**
 * How a state is looked at: in both themes and both widths, so that each changes as seldom as it can. A theme is nothing but
 * colours, so all else is asked once for each width.
 */
const ways = [
  { theme: 'light', width: 1280, rules: 'all' },
  { theme: 'dark', width: 1280, rules: 'colours' },
  { theme: 'dark', width: 360, rules: 'all' },
  { theme: 'light', width: 360, rules: 'colours' },
] as const

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

/**
 * Looks at the page as it is now, light and dark, wide and narrow: what axe finds, and whether the page is wider than the
 * screen. With COALMINE_SCREENSHOTS=all a screenshot of each is taken.
 */
export async function look(page: Page, name: string): Promise<string[]> {
  if (areShown) mkdirSync(screenshots, { recursive: true })
  const found: string[] = []
  // It stays for as long as the page is not loaded again.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe)
  for (const { theme, width, rules } of ways) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 900 })
    // Charts are drawn anew for the width before the next frame but one.
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    if (areShown) {
      const path = join(screenshots, `${name}-${theme}-${width}.png`)
      await page.screenshot({ path, fullPage: true })
    }
    const { violations, beyond } = await page.evaluate<Looked>(lookScripts[rules])
    for (const { id, nodes } of violations)
      found.push(`${name} ${theme} ${width}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
    if (beyond > 0) found.push(`${name} ${theme} ${width}: ${beyond} px wider than the screen`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 900 })
  return found
}

interface Looked {
  readonly violations: readonly Violation[]
  /** How many pixels of the page are beyond the screen. */
  readonly beyond: number
}

// Only what is wrong is worked out in full.
const lookScript = (
  which: string,
): string => `axe.run({ resultTypes: ['violations']${which} }).then(({ violations }) => ({
  violations: violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target }) => ({ target })) })),
  beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
}))`
const lookScripts = {
  all: lookScript(''),
  colours: lookScript(", runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }"),
} as const

/** Everything that a page complains of: errors, exceptions, what its policy forbids. Answers that are errors are no complaint. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error' || /^Failed to load resource/.test(message.text())) return
    complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog opened: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|file:|data:)/.test(request.url())) complaints.push(`asked ${request.url()}`)
  })
  return complaints
}
