import { expect, it } from 'vitest'
import { noSuchService } from './no-such-service.ts'

it.each([
  [[], 'no spans of service "shpo". The store has seen no services yet.'],
  [['shop', 'cart'], 'no spans of service "shpo"; did you mean shop? The store has seen: shop, cart.'],
  [['orders'], 'no spans of service "shpo". The store has seen: orders.'],
  [
    Array.from({ length: 12 }, (_, at) => `s${at}`),
    'no spans of service "shpo". The store has seen: s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more.',
  ],
])('of %j says what there is', (seen, sentence) => {
  expect(noSuchService('shpo', seen)).toBe(sentence)
})
