// How one thread waits for others without an event loop: a number of answers that it counts, and what the last one says.
const textStart = 8

/** Memory for threads to answer in. */
export function newAnswers(): SharedArrayBuffer {
  return new SharedArrayBuffer(512)
}

/** Answers the thread that waits; `trouble` is what went wrong. */
export function answer(waiting: SharedArrayBuffer, trouble = ''): void {
  const counters = new Int32Array(waiting, 0, 2)
  if (trouble !== '') {
    const { written } = new TextEncoder().encodeInto(trouble, new Uint8Array(waiting, textStart))
    Atomics.store(counters, 1, written)
  }
  Atomics.add(counters, 0, 1)
  Atomics.notify(counters, 0)
}

/** What a thread does while it waits for longer than that. */
export interface Interlude {
  readonly afterMs: number
  readonly run: () => void
}

/**
 * Waits for so many answers, with this thread standing still, and no longer than that. Gives what went wrong, if
 * anything did.
 */
export function waitForAnswers(
  waiting: SharedArrayBuffer,
  answers: number,
  timeoutMs: number,
  interlude?: Interlude,
): string | undefined {
  const counters = new Int32Array(waiting, 0, 2)
  const end = performance.now() + timeoutMs
  if (interlude && interlude.afterMs < timeoutMs) {
    if (areThere(counters, answers, performance.now() + interlude.afterMs)) return troubleOf(waiting)
    interlude.run()
  }
  return areThere(counters, answers, end) ? troubleOf(waiting) : `no answer within ${timeoutMs} ms`
}

function areThere(counters: Int32Array, answers: number, end: number): boolean {
  for (;;) {
    const sofar = Atomics.load(counters, 0)
    if (sofar >= answers) return true
    const left = end - performance.now()
    if (left <= 0 || Atomics.wait(counters, 0, sofar, left) === 'timed-out') return false
  }
}

function troubleOf(waiting: SharedArrayBuffer): string | undefined {
  const counters = new Int32Array(waiting, 0, 2)
  const length = Atomics.load(counters, 1)
  // A copy: text is not decoded from shared memory.
  return length === 0 ? undefined : new TextDecoder().decode(new Uint8Array(waiting, textStart, length).slice())
}
