import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { useAnswer } from '../data/answer.ts'
import { shellWord } from '../data/format.ts'
import type { RunState } from '../data/model.ts'
import { useHere } from '../data/place.ts'
import { base, serverUrl } from '../data/server.ts'
import { hides, Loading, Stale, TroubleView } from './trouble.tsx'

interface Props {
  readonly attempt: number
  readonly again: () => void
}

/** The link that `coalmine url` prints before the comparison exists. It forwards to the newest comparison of these cohorts. */
export function LinkPage({ attempt, again }: Props): VNode {
  const here = useHere()
  const { service = '', stable = '', canary = '' } = here.chosen
  const { answer, trouble } = useAnswer<{ comparisons: readonly RunState[] }>('/api/comparisons', 2_000, attempt)
  const found = answer?.comparisons.find(
    (one) => one.service === service && one.stable === stable && one.canary === canary,
  )
  const id = found?.id
  useEffect(() => {
    if (id === undefined) return
    history.replaceState(null, '', `${base}/comparisons/${id}`)
    dispatchEvent(new PopStateEvent('popstate'))
  }, [id])
  if (hides(trouble, answer)) return <TroubleView trouble={trouble} again={again} />
  if (!answer || found) return <Loading what="the comparison" />
  return (
    <section class="state">
      <h1>Not started yet</h1>
      <Stale trouble={trouble} />
      <p>
        No comparison of {canary} with {stable} of {service} has been started. This page shows it as soon as one is:
      </p>
      <pre>
        coalmine watch --service {shellWord(service)} --stable {shellWord(stable)} --canary {shellWord(canary)} --server{' '}
        {serverUrl()}
      </pre>
      <p class="pulse" role="status">
        Waiting…
      </p>
    </section>
  )
}
