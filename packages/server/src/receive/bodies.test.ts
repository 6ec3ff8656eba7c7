import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { newBodies } from './bodies.ts'

const streamOf = (...chunks: readonly (string | Buffer)[]): Readable =>
  Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

it('gives all of a body, whether its length is known or not', async () => {
  const bodies = newBodies(1_000_000)
  const long = Buffer.alloc(700_000, 'x')
  expect((await bodies.read(streamOf('ab', 'cd'), 4)).toString()).toBe('abcd')
  expect((await bodies.read(streamOf('ab', 'cd'), undefined)).toString()).toBe('abcd')
  expect((await bodies.read(streamOf('ab', long, 'cd'), undefined)).equals(Buffer.from(`ab${long}cd`))).toBe(true)
  expect(await bodies.read(streamOf(), 0)).toHaveLength(0)
})

it('uses the memory of a body again once it is done with, and not before', async () => {
  const bodies = newBodies(1_000_000)
  const first = await bodies.read(streamOf('first'), 5)
  const second = await bodies.read(streamOf('second'), 6)
  expect([first.toString(), second.toString()]).toEqual(['first', 'second'])
  bodies.done(first)
  const third = await bodies.read(streamOf('third'), 5)
  expect(third.buffer).toBe(first.buffer)
  expect([third.toString(), second.toString()]).toEqual(['third', 'second'])
})

it('refuses a body that is too large, by its header or as it comes, and lets the rest of it pass', async () => {
  const bodies = newBodies(1_000)
  const said = streamOf('x')
  await expect(bodies.read(said, 1_001)).rejects.toMatchObject({ kind: 'malformed', status: 413 })
  const came = streamOf(Buffer.alloc(800), Buffer.alloc(800))
  const ended = once(came, 'end')
  await expect(bodies.read(came, undefined)).rejects.toThrow('larger than 1000 bytes')
  await ended
})
