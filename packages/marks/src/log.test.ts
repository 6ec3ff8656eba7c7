import { expect, it } from 'vitest'
import { getMark, type Marks, newMarks, setFlag, setTest } from './marks.ts'
import { packedFlags } from './packed.ts'

it('is shared by requests that are marked alike, and by no others', () => {
  const marked = (...flags: [string, string][]): Marks => {
    const marks = newMarks()
    setTest(marks)
    for (const [key, variant] of flags) setFlag(marks, key, variant)
    return marks
  }
  const first = marked(['a', 'on'], ['b', 'on'])
  expect(marked(['a', 'on'], ['b', 'on'], ['a', 'on']).log).toBe(first.log)
  const others = [
    marked(['a', 'on']),
    marked(['a', 'on'], ['b', 'off']),
    marked(['a', 'on'], ['b', 'on'], ['a', 'off']),
  ]
  expect(others.map(({ log }) => packedFlags(log))).toEqual(['a=on', 'a=on;b=off', 'a=(mixed);b=on'])
  expect(packedFlags(first.log)).toBe('a=on;b=on')
})

it('is a request’s own when it is about one user, or there is no room for more', () => {
  const entity = newMarks()
  setTest(entity, { kind: 'user', id: '42' })
  setFlag(entity, 'a', 'on')
  expect(entity.log.next).toBeUndefined()

  const marks = newMarks()
  for (let user = 0; newMarks().log === marks.log || marks.log.next; user++) {
    marks.log = newMarks().log
    setFlag(marks, 'a', `for user ${user}`)
    expect(user).toBeLessThan(50_000)
  }
  setFlag(marks, 'b', 'on')
  expect(getMark(marks, 'coalmine.flag.b')).toBe('on')
  expect(packedFlags(marks.log)).toMatch(/^a=for user \d+;b=on$/)
})
