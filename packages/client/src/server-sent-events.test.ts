import { expect, it } from 'vitest'
import { newEventReader } from './server-sent-events.ts'

const text =
  'retry: 2000\n\n: beat\n\nid: 1\nevent: look\ndata: {"a":1}\n\nid:2\ndata: one\ndata:  two\ndata\n\nevent: look\n\ndata: three\n\nid: 9\ndata: lost'
const events = [
  { id: '1', event: 'look', data: '{"a":1}' },
  { id: '2', event: 'message', data: 'one\n two\n' },
  { id: '2', event: 'message', data: 'three' },
]

it.each([
  ['\n', 1],
  ['\n', 7],
  ['\r\n', 1],
  ['\r\n', 3],
  ['\r', 1],
  ['\r', 1000],
])('reads events with lines ended by %j, in pieces of %i', (end, size) => {
  const whole = text.replaceAll('\n', end)
  const reader = newEventReader()
  const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
    whole.slice(at * size, (at + 1) * size),
  )
  expect(pieces.flatMap((piece) => reader.read(piece))).toEqual(events)
})
