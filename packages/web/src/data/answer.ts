import { useEffect, useState } from 'preact/hooks'
import { ask, type Trouble, troubleOf } from './ask.ts'
import { newPump } from './pump.ts'

// How soon to ask again after the server went away.
const lostMs = 2_000

/** The last answer to a page's request, and the error if one failed. */
export interface Answered<Answer> {
  readonly answer: Answer | undefined
  readonly trouble: Trouble | undefined
}

/** Asks once, and again at intervals; the last answer stays while the server is away. */
export function useAnswer<Answer>(
  path: string | undefined,
  everyMs: number | undefined,
  attempt = 0,
): Answered<Answer> {
  const { answer, trouble } = useAnswers<Answer>(path === undefined ? [] : [path], everyMs, attempt)
  return { answer: answer?.[0], trouble }
}

/** The same for several questions, asked one after another; there is no answer until the last one has arrived. */
export function useAnswers<Answer>(
  paths: readonly string[],
  everyMs: number | undefined,
  attempt = 0,
): Answered<readonly Answer[]> {
  const [answer, setAnswer] = useState<{ key: string; values: readonly Answer[] }>()
  const [trouble, setTrouble] = useState<Trouble>()
  const key = paths.join('\n')
  useEffect(() => {
    if (key === '') return
    const stop = new AbortController()
    const load = async (): Promise<void> => {
      try {
        const values: Answer[] = []
        for (const path of key.split('\n')) values.push(await ask<Answer>(path, stop.signal))
        setAnswer({ key, values })
        setTrouble(undefined)
        if (everyMs !== undefined) pump.want(everyMs)
      } catch (error) {
        if (stop.signal.aborted) return
        const found = troubleOf(error)
        setTrouble(found)
        if (found.kind === 'gone') pump.want(lostMs)
        else if (found.kind === 'refused' && everyMs !== undefined) pump.want(everyMs)
      }
    }
    const pump = newPump(load, 0)
    pump.want()
    return () => {
      stop.abort()
      pump.stop()
    }
  }, [key, everyMs, attempt])
  return { answer: answer?.key === key ? answer.values : undefined, trouble }
}
