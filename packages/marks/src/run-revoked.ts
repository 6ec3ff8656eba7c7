/** Tells whether a run is revoked, immediately or with a promise. */
type IsRevoked = (run: string) => boolean | Promise<boolean>

interface Answer {
  isRevoked: boolean
  askedMs: number
}

const askAgainMs = 10_000
const mostRuns = 1_000

// Caches asynchronous answers, because a request cannot wait for them.
const answers = new WeakMap<IsRevoked, Map<string, Answer>>()

/** Whether a run has been revoked. While that is unknown, the run counts as revoked and gets no special treatment. */
export function isRunRevoked(run: string, isRevoked: IsRevoked | undefined, nowMs: number): boolean {
  if (!isRevoked) return false
  const known = answers.get(isRevoked)?.get(run)
  if (known && nowMs - known.askedMs < askAgainMs) return known.isRevoked
  try {
    const answer = isRevoked(run)
    if (typeof answer === 'boolean') return answer
    // A JavaScript function may return nothing.
    if (typeof answer?.then !== 'function') return Boolean(answer)
    return later(run, isRevoked, { isRevoked: known?.isRevoked ?? true, askedMs: nowMs }, answer)
  } catch {
    return true
  }
}

function later(run: string, isRevoked: IsRevoked, until: Answer, answer: Promise<boolean>): boolean {
  const runs = answers.get(isRevoked) ?? new Map<string, Answer>()
  answers.set(isRevoked, runs)
  if (runs.size >= mostRuns) runs.clear()
  runs.set(run, until)
  answer.then(
    (is) => {
      until.isRevoked = is === true
    },
    () => {
      until.isRevoked = true
    },
  )
  return until.isRevoked
}
