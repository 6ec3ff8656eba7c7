import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { commandActuator } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

const context = { rollout: 'r1', service: 'shop', stable: 'service.version=1', canary: 'service.version=2', stage: 2 }
const share = { hosts: null, percent: 12.5, flag: null }
const go = new AbortController().signal
const { PATH } = process.env
const env = { PATH, DEPLOY_TOKEN: 'sesame-sesame', COALMINE_TOKEN: 'server' }
const actuatorOf = (run: string, readBack: string | null = null, timeoutMs = 10_000) =>
  commandActuator({ kind: 'command', run, readBack, timeoutMs }, env)

it('is told by its environment how much there is to be, and of what', async () => {
  expect(await actuatorOf('env | grep ^COALMINE_ | sort').move(share, context, go)).toBe(
    [
      'COALMINE_ALL=false',
      'COALMINE_BUILD=2',
      'COALMINE_CANARY=service.version=2',
      'COALMINE_FLAG=',
      'COALMINE_HOSTS=',
      'COALMINE_PERCENT=12.5',
      'COALMINE_ROLLOUT=r1',
      'COALMINE_SERVICE=shop',
      'COALMINE_STABLE=service.version=1',
      'COALMINE_STAGE=2',
    ].join('\n'),
  )
})

it.each<[string, object | string]>([
  ['echo 12.5%', { matches: true, text: '12.5%' }],
  ['echo 3%', { matches: false, text: '3%' }],
  ['echo 3', { matches: false, text: '3' }],
  ['echo lots', 'expected how much there is, such as 2 or 10%, got "lots"'],
  ['exit 4', 'the command ended with 4'],
])('reads back with a second command: %s', async (readBack, expected) => {
  const read = actuatorOf('true', readBack).read(share, context, go)
  if (typeof expected === 'string') await expect(read).rejects.toThrow(expected)
  else expect(await read).toEqual(expected)
})

it('says what a command that failed said, without the secrets of its environment', async () => {
  const failing = actuatorOf('echo "bad token $DEPLOY_TOKEN" >&2; exit 3').move(share, context, go)
  await expect(failing).rejects.toThrow('the command ended with 3: bad token $DEPLOY_TOKEN')
})

it('ends a command that takes too long, and all that it started', async () => {
  const file = join(folder, 'pid')
  const hanging = actuatorOf(`sh -c 'echo $$ > ${file}; sleep 600' & wait`, null, 300).move(share, context, go)
  await expect(hanging).rejects.toThrow('the command took longer than 0.3 s, and was ended')
  await expect.poll(() => isAlive(Number(readFileSync(file, 'utf8')))).toBe(false)
})

it('ends a command that is interrupted', async () => {
  const stop = new AbortController()
  const hanging = actuatorOf('sleep 600').move(share, context, stop.signal)
  stop.abort()
  await expect(hanging).rejects.toThrow('the command was interrupted')
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie is nobody's.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
  } catch {
    return false
  }
}

it('is told of nothing as no hosts and no share, so that a command that looks at either takes the canary back', async () => {
  const nothing = { hosts: 0, percent: 0, flag: null }
  const actuator = actuatorOf('echo "$COALMINE_HOSTS $COALMINE_PERCENT"', 'echo 0')
  expect(await actuator.move(nothing, { ...context, stage: 0 }, go)).toBe('0 0')
  expect(await actuator.read(nothing, context, go)).toEqual({ matches: true, text: '0' })
})
