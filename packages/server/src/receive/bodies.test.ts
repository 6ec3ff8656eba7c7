import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { newAdmission, type Share } from './admission.ts'
import { newBodies } from './bodies.ts'
import { defaultLimits } from './limits.ts'

const share = (): Share => newAdmission(100_000_000).enter()
const bodiesOf = (requestBytes: number) => newBodies({ ...defaultLimits, requestBytes })

const streamOf = (...chunks: readonly (string | Buffer)[]): Readable =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

it('gives all of a body, whether its length is known or not', async () => {
  const bodies = bodiesOf(1_000_000)
  const long = Buffer.alloc(700_000, 'x')
  expect((await bodies.read(streamOf('ab', 'cd'), share(), 4)).toString()).toBe('abcd')
  expect((await bodies.read(streamOf('ab', 'cd'), share())).toString()).toBe('abcd')
  expect((await bodies.read(streamOf('ab', long, 'cd'), share())).equals(Buffer.from(`ab${long}cd`))).toBe(true)
  expect(await bodies.read(streamOf(), share(), 0)).toHaveLength(0)
})

it('uses the memory of a body again once it is done with, and not before', async () => {
  const bodies = bodiesOf(1_000_000)
  const first = await bodies.read(streamOf('first'), share(), 5)
  const second = await bodies.read(streamOf('second'), share(), 6)
  expect([first.toString(), second.toString()]).toEqual(['first', 'second'])
  bodies.done(first)
  const third = await bodies.read(streamOf('third'), share(), 5)
  expect(third.buffer).toBe(first.buffer)
  expect([third.toString(), second.toString()]).toEqual(['third', 'second'])
})

it('refuses a body that is too large, by its header or as it comes, and lets the rest of it pass', async () => {
  const bodies = bodiesOf(1_000)
  const said = streamOf('x')
  await expect(bodies.read(said, share(), 1_001)).rejects.toMatchObject({ kind: 'malformed', status: 413 })
  const came = streamOf(Buffer.alloc(800), Buffer.alloc(800))
  const ended = once(came, 'end')
  await expect(bodies.read(came, share())).rejects.toThrow('larger than 1000 bytes')
  await ended
})

it('counts bytes as they come, and refuses a body for which there is no room', async () => {
  const bodies = bodiesOf(1_000_000)
  const admission = newAdmission(1_000)
  const [first, second] = [admission.enter(), admission.enter()]
  await bodies.read(streamOf(Buffer.alloc(800)), first, 900_000)
  expect(admission.heldBytes()).toBe(800)
  await expect(bodies.read(streamOf(Buffer.alloc(300)), second)).rejects.toMatchObject({ status: 429, limit: 'memory' })
  first.leave()
  expect(admission.heldBytes()).toBe(0)
  await bodies.read(streamOf(Buffer.alloc(300)), second)
})

it('gives up on a body that comes too slowly', async () => {
  const bodies = newBodies({ ...defaultLimits, patienceMs: 50 })
  const stream = new Readable({ read() {} })
  stream.push('x')
  await expect(bodies.read(stream, share())).rejects.toMatchObject({ status: 408, limit: 'slow' })
})
