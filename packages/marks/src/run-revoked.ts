/** How an `isRevoked` may answer. */
type IsRevoked = (run: string) => boolean | Promise<boolean>

interface Answer {
  isRevoked: boolean
  askedMs: number
}

const askAgainMs = 10_000
const mostRuns = 1_000

// Of those that answer later: a request cannot wait for them.
const answers = new WeakMap<IsRevoked, Map<string, Answer>>()

/** Whether a run has been stopped. When it cannot be told, or not yet, the run has no special treatment. */
export function isRunRevoked(run: string, isRevoked: IsRevoked | undefined, nowMs: number): boolean {
  if (!isRevoked) return false
  const known = answers.get(isRevoked)?.get(run)
  if (known && nowMs - known.askedMs < askAgainMs) return known.isRevoked
  try {
    const answer = isRevoked(run)
    if (typeof answer === 'boolean') return answer
    // A function of JavaScript may forget to answer.
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
