import { expect, it } from 'vitest'
import type { Area } from './area.ts'
import { besideLine, besidePoint, type Label, type Placed, placed } from './labels.ts'

const area: Area = { width: 520, height: 220, left: 84, right: 508, top: 10, bottom: 194 }

const boxOf = ({ x, y, anchor, text }: Placed) => {
  const width = text.length * 6.6
  const left = anchor === 'start' ? x : x - width
  return { left, right: left + width, top: y - 10, bottom: y + 3 }
}

const meet = (a: Placed, b: Placed): boolean => {
  const [one, other] = [boxOf(a), boxOf(b)]
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

const note = (text: string, y: number): Label => ({ text, class: 'note', places: besideLine(area, y) })
const crossing = (text: string, x: number, y: number): Label => ({
  text,
  class: 'crossing',
  places: besidePoint(area, x, y),
})

it('a label takes the first of its places where it is alone', () => {
  expect(placed([note('margin × 1.1', 60)], area)).toEqual([
    { text: 'margin × 1.1', class: 'note', x: 504, y: 55, anchor: 'end' },
  ])
})

it('labels never lie over each other or over a crossing, wherever lines are and wherever they are crossed', () => {
  for (let first = 30; first <= 170; first += 7)
    for (let second = first; second <= 170; second += 7)
      for (let x = area.left; x <= area.right; x += 23) {
        const found = placed(
          [
            note('FAIL needs 1 in 4 000', first),
            note('PASS needs 1 in 20 of each', second),
            crossing('FAIL at 1 min 25 s', x, first),
          ],
          area,
          [{ x, y: first }],
        )
        for (const [at, one] of found.entries())
          for (const other of found.slice(at + 1))
            expect(meet(one, other), `${first} ${second} ${x}: ${one.text} over ${other.text}`).toBe(false)
        // Nor over the mark itself.
        for (const one of found) {
          const { left, right, top, bottom } = boxOf(one)
          const hides = left < x + 6 && right > x - 6 && top < first + 6 && bottom > first - 6
          expect(hides, `${first} ${second} ${x}: ${one.text} over the crossing`).toBe(false)
        }
      }
})

it('labels stay inside a narrow chart', () => {
  const narrow: Area = { ...area, width: 300, right: 288 }
  for (let x = narrow.left; x <= narrow.right; x += 5) {
    const [found] = placed(
      [{ text: 'FAIL at 1 min 25 s', class: 'crossing', places: besidePoint(narrow, x, 60) }],
      narrow,
    )
    const box = boxOf(found!)
    expect(box.left, `at ${x}`).toBeGreaterThanOrEqual(narrow.left - 1)
    expect(box.right, `at ${x}`).toBeLessThanOrEqual(narrow.right + 4)
  }
})
