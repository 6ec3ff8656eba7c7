import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { aliasesOf, flagReferences } from './flag-references.ts'

it.each([
  ['new-pricing', 'if (flags.newPricing) {', true],
  ['new-pricing', 'const isNewPricingEnabled = await', true],
  ['new-pricing', 'FLAG_NEW_PRICING=on', true],
  ['new-pricing', 'new_pricing: true', true],
  ['new-pricing', '{{ if eq .Values.flags.newPricing }}', true],
  ['new-pricing', 'useFlag("new-pricing")', true],
  ['new-pricing', '"new-pricing-page"', false],
  ['new-pricing', 'renewPricing()', false],
  ['new-pricing', 'newPricingly', false],
  ['new-pricing', 'a new pricing page', false],
  ['new-pricing', 'NEW_PRICINGS', false],
  ['newPricing', "variation('newPricing', false)", true],
  ['newPricing', 'data-flag="new-pricing"', true],
  ['checkout.new-pricing', "isEnabled('checkout.new-pricing')", true],
  ['checkout.new-pricing', 'checkoutNewPricing', true],
  ['enable_v2_api', 'enableV2Api', true],
  ['enable_v2_api', 'ENABLE_V2_API', true],
  ['banner', "flag('banner')", true],
  ['banner', 'the banner of the page', false],
  ['a+b(c)*', "flag('a+b(c)*')", true],
  ['größe-neu', 'größeNeu', true],
  ['$1', '"$1"', true],
])('of the flag %s, %s is named: %s', (flag, line, isNamed) => {
  expect(aliasesOf(flag).pattern.test(line)).toBe(isNamed)
})

it('looks into a folder that is no repository, and at no file twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coalmine-references-'))
  writeFileSync(join(folder, 'a.ts'), "flag('new-pricing')\r\nother\nnewPricing()\n")
  writeFileSync(join(folder, 'coalmine.yaml'), 'flags: { keys: { new-pricing: { owner: maria } } }\n')
  expect(await flagReferences(folder, 'new-pricing')).toEqual([
    { file: 'a.ts', line: 1, text: "flag('new-pricing')" },
    { file: 'a.ts', line: 3, text: 'newPricing()' },
  ])
  rmSync(folder, { recursive: true })
})
