import { EventEmitter, once } from 'node:events'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { observed } from './observed.ts'

class Client extends EventEmitter {
  readonly #flags = new Map([['on', true]])
  readonly name = 'client'

  isEnabled(key: string): boolean {
    return this.#flags.get(key) ?? false
  }
  isDisabled(key: string): boolean {
    return !this.isEnabled(key)
  }
  async get(key: string): Promise<boolean> {
    if (key === 'broken') throw new Error('of the client')
    return this.isEnabled(key)
  }
}

const warnings: string[] = []
beforeEach(() => {
  const silent = () => {}
  const logger = { error: silent, info: silent, debug: silent, verbose: silent }
  diag.setLogger({ ...logger, warn: (message) => warnings.push(message) }, DiagLogLevel.WARN)
})
afterEach(() => diag.disable())

describe('an observed client', () => {
  it('shows each result with its arguments, a promise’s once it is kept', async () => {
    const seen: unknown[] = []
    const see = (result: boolean, args: [key: string]) => void seen.push([result, ...args])
    const client = observed(new Client(), { isEnabled: see, get: see })
    expect(client.isEnabled('on')).toBe(true)
    expect(await client.get('off')).toBe(false)
    expect(seen).toEqual([
      [true, 'on'],
      [false, 'off'],
    ])
  })

  it('does not show what the client asks itself', () => {
    const seen: unknown[] = []
    const client = observed(new Client(), { isEnabled: (result) => seen.push(result) })
    expect(client.isDisabled('on')).toBe(false)
    expect(seen).toEqual([])
  })

  it('throws what the client throws, and nothing of the observer’s', async () => {
    const fail = (): never => {
      throw new Error('of the observer')
    }
    const client = observed(new Client(), { isEnabled: fail, get: fail })
    expect(client.isEnabled('on')).toBe(true)
    expect(await client.get('on')).toBe(true)
    await expect(client.get('broken')).rejects.toThrow('of the client')
    expect(warnings).toEqual(['coalmine: a flag evaluation could not be recorded: Error: of the observer'])
  })

  it('is the client in every other way', async () => {
    const client = observed(new Client(), {})
    expect(client).toBeInstanceOf(Client)
    expect(client.name).toBe('client')
    expect(client.constructor).toBe(Client)
    expect(client.on('ready', () => {})).toBe(client)
    expect(client.isEnabled).toBe(client.isEnabled)
    setImmediate(() => client.emit('ready', 1))
    expect(await once(client, 'ready')).toEqual([1])
  })

  it('sees a method that was replaced later, as test doubles do', () => {
    const plain = new Client()
    const client = observed(plain, {})
    expect(client.isEnabled('on')).toBe(true)
    plain.isEnabled = () => false
    expect(client.isEnabled('on')).toBe(false)
  })
})
