import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPlace, type Place } from '../test/place.ts'
import { openStore, type Store } from './store.ts'

let place: Place
let store: Store

beforeAll(async () => {
  place = await newPlace()
  store = await openStore({ location: place.location })
})

afterAll(async () => {
  await store.close()
  await place.remove()
})

it('remembers how far the import of a file has come', async () => {
  expect(await store.imports.progress('file')).toBeUndefined()
  const progress = { line: 3, bytes: 2 ** 40, finished: false, totals: { why: ['it\'s "a"\n\t\\n {b:String}'] } }
  await store.imports.remember('file', progress)
  expect(await store.imports.progress('file')).toEqual(progress)
  await store.imports.remember('file', { ...progress, finished: true })
  expect(await store.imports.progress('file')).toEqual({ ...progress, finished: true })
})
