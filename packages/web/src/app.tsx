import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Comparison } from './comparison/comparison.tsx'
import { moment, timeZone } from './data/format.ts'
import { useLive } from './data/live.ts'
import type { ReportData } from './data/model.ts'
import { type Here, herePlace, useHere, useRoute } from './data/place.ts'
import { useServer } from './data/server.ts'
import { Link } from './link.tsx'
import { Home } from './pages/home.tsx'
import { LinkPage } from './pages/link-page.tsx'
import { Service } from './pages/service.tsx'
import { Status } from './pages/status.tsx'
import { Tests } from './pages/tests.tsx'
import { Loading, TroubleView } from './pages/trouble.tsx'
import { Rollouts } from './rollout/pages.tsx'

/** The page that a server serves. */
export function App(): VNode {
  const here = useRoute(false)
  return (
    <herePlace.Provider value={here}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <nav class="top" aria-label="Pages">
        <Link to="/" class="brand">
          Coalmine
        </Link>
        <Link to="/rollouts">Rollouts</Link>
        <Link to="/tests">Test traffic</Link>
        <Link to="/status">Status</Link>
      </nav>
      <main id="main" tabIndex={-1}>
        <Updated />
        <Page here={here} />
        <footer class="quiet">Times are in {timeZone()}.</footer>
      </main>
    </herePlace.Provider>
  )
}

/** If the server was updated meanwhile, this page is outdated and may not understand its answers. */
function Updated(): VNode | null {
  const { isOther } = useServer()
  if (!isOther) return null
  return (
    <p class="lost" role="status">
      The server was updated.{' '}
      <button type="button" onClick={() => location.reload()}>
        Load its page
      </button>
    </p>
  )
}

function Page({ here }: { here: Here }): VNode {
  const [attempt, setAttempt] = useState(0)
  const shared = { attempt, again: () => setAttempt(attempt + 1) }
  const [first, second, third, fourth] = here.path.split('/').filter(Boolean).map(decoded)
  if (first === undefined) return <Home {...shared} />
  if (first === 'comparisons' && second !== undefined) return <OfServer key={second} id={second} {...shared} />
  if (first === 'services' && second !== undefined)
    return (
      <Service
        key={here.path}
        name={second}
        {...(third === 'builds' && fourth !== undefined && { build: fourth })}
        {...shared}
      />
    )
  if (first === 'compare') return <LinkPage {...shared} />
  if (first === 'rollouts') return <Rollouts id={second} {...shared} />
  if (first === 'tests') return <Tests {...shared} />
  if (first === 'status') return <Status {...shared} />
  return (
    <section class="state">
      <h1>Page not found</h1>
      <p>
        Go to <Link to="/">services and comparisons</Link>.
      </p>
    </section>
  )
}

function OfServer({ id, attempt, again }: { id: string; attempt: number; again: () => void }): VNode {
  const here = useHere()
  const live = useLive(id, here.chosen['operation'], attempt)
  if (!live.state)
    return live.trouble ? <TroubleView trouble={live.trouble} again={again} /> : <Loading what="the comparison" />
  if (live.trouble?.kind === 'login') return <TroubleView trouble={live.trouble} again={again} />
  return <Comparison {...live} />
}

/** The same page with its data, from a file. */
export function Report({ data }: { data: ReportData }): VNode {
  const here = useRoute(true)
  return (
    <herePlace.Provider value={here}>
      <main id="main">
        <Comparison
          {...data}
          link="over"
          chartTrouble={undefined}
          scopeOf={(operation) => data.view?.charts?.scopes.find((one) => one.operation === operation)}
        />
        <footer class="quiet">
          Written by Coalmine {data.verdict?.version} at {moment(data.writtenAt)}. Times are in {timeZone()}.
        </footer>
      </main>
    </herePlace.Provider>
  )
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
