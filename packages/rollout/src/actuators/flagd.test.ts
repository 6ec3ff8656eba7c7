import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlagdProvider } from '@openfeature/flagd-provider'
import { OpenFeature } from '@openfeature/server-sdk'
import { afterAll, expect, it } from 'vitest'
import { flagdActuator } from './flagd.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-flagd-'))
afterAll(() => rmSync(folder, { recursive: true }))

const context = { rollout: 'r1', service: 'shop', stable: 'a=1', canary: 'a=2', stage: 1 }
const go = new AbortController().signal
const share = (percent: number) => ({ hosts: null, percent, flag: 'new-pricing' })

let files = 0
function fileOf(targeting?: unknown): string {
  files += 1
  const file = join(folder, `flags-${files}.json`)
  const pricing = {
    state: 'ENABLED',
    variants: { on: true, off: false },
    defaultVariant: 'off',
    ...(targeting !== undefined && { targeting }),
  }
  const other = { state: 'ENABLED', variants: { a: 1 }, defaultVariant: 'a' }
  writeFileSync(
    file,
    JSON.stringify({ $schema: 'https://flagd.dev/schema/v0/flags.json', flags: { 'new-pricing': pricing, other } }),
  )
  return file
}
const actuatorOf = (file: string) =>
  flagdActuator({ kind: 'flagd', file: '$FLAGS', on: 'on', off: 'off' }, { FLAGS: file })

/** Who of a thousand users has it, by an evaluator of flagd. */
async function usersOf(file: string): Promise<Set<number>> {
  const domain = `at-${readFileSync(file, 'utf8').length}-${Math.floor(performance.now() * 1000)}`
  await OpenFeature.setProviderAndWait(
    domain,
    new FlagdProvider({ resolverType: 'in-process', offlineFlagSourcePath: file }),
  )
  const client = OpenFeature.getClient(domain)
  const users = new Set<number>()
  for (let user = 0; user < 1000; user += 1)
    if (
      await client.getBooleanValue('new-pricing', false, {
        targetingKey: `user-${user}`,
        tier: user % 10 === 0 ? 'gold' : 'free',
      })
    )
      users.add(user)
  await OpenFeature.getProvider(domain).onClose?.()
  return users
}

it('gives a flag to a share of its users, who keep it as the share grows', async () => {
  const file = fileOf()
  const actuator = actuatorOf(file)
  await actuator.move(share(10), context, go)
  expect(await actuator.read(share(10), context, go)).toEqual({ matches: true, text: '10%' })
  const [few, more] = [await usersOf(file), await actuator.move(share(50), context, go).then(() => usersOf(file))]
  expect(few.size).toBeGreaterThan(70)
  expect(few.size).toBeLessThan(130)
  expect(more.size).toBeGreaterThan(450)
  expect(more.size).toBeLessThan(550)
  expect([...few].filter((user) => !more.has(user))).toEqual([])
  await actuator.move(share(0), context, go)
  expect((await usersOf(file)).size).toBe(0)
  await actuator.move(share(100), context, go)
  expect((await usersOf(file)).size).toBe(1000)
  expect(await actuator.read(share(50), context, go)).toEqual({ matches: false, text: '100%' })
  const { flags, $schema } = JSON.parse(readFileSync(file, 'utf8')) as {
    flags: Record<string, unknown>
    $schema: string
  }
  expect([$schema, flags['other']]).toEqual([
    'https://flagd.dev/schema/v0/flags.json',
    { state: 'ENABLED', variants: { a: 1 }, defaultVariant: 'a' },
  ])
})

it('leaves the rules around a fractional as they are', async () => {
  const file = fileOf({
    if: [{ '==': [{ var: 'tier' }, 'gold'] }, 'on', { fractional: [{ var: 'targetingKey' }, ['off', 1], ['on', 0]] }],
  })
  const actuator = actuatorOf(file)
  await actuator.move(share(0), context, go)
  expect((await usersOf(file)).size).toBe(100)
  await actuator.move(share(100), context, go)
  expect((await usersOf(file)).size).toBe(1000)
})

it.each<[string, unknown, string]>([
  [
    'rules without a fractional',
    { if: [{ var: 'beta' }, 'on', 'off'] },
    'has rules and no fractional of on and off: add one where the rollout should act',
  ],
  [
    'two fractionals',
    {
      if: [
        { var: 'b' },
        {
          fractional: [
            ['on', 1],
            ['off', 1],
          ],
        },
        {
          fractional: [
            ['on', 2],
            ['off', 1],
          ],
        },
      ],
    },
    'its targeting has 2 fractionals',
  ],
])('refuses %s, and leaves the file alone', async (_, targeting, message) => {
  const file = fileOf(targeting)
  const before = readFileSync(file, 'utf8')
  await expect(actuatorOf(file).move(share(10), context, go)).rejects.toThrow(message)
  expect(readFileSync(file, 'utf8')).toBe(before)
})

it('names what is not there', async () => {
  const file = fileOf()
  await expect(actuatorOf(join(folder, 'none.json')).move(share(1), context, go)).rejects.toThrow(
    'none.json: there is no such file',
  )
  await expect(actuatorOf(file).move({ ...share(1), flag: 'nope' }, context, go)).rejects.toThrow('it has no flag nope')
  const other = flagdActuator({ kind: 'flagd', file, on: 'yes', off: 'off' }, {})
  await expect(other.move(share(1), context, go)).rejects.toThrow('new-pricing has no variant yes; it has on, off')
})

it('puts a whole file in the place of the old one, also behind a link', async () => {
  const file = fileOf()
  const link = join(folder, 'link.json')
  symlinkSync(file, link)
  await actuatorOf(link).move(share(10), context, go)
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ flags: { 'new-pricing': { targeting: {} } } })
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([])
})
