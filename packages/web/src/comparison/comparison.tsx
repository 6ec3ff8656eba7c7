import type { ScopeChart, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { useEffect, useMemo } from 'preact/hooks'
import { Budget } from '../budget/budget.tsx'
import { TotalEvidenceChart } from '../charts/evidence.tsx'
import { chartMarks } from '../charts/over-time.tsx'
import { rangeOf } from '../charts/range.ts'
import { duration, moment } from '../data/format.ts'
import type { Link as Connection } from '../data/live.ts'
import type { Change, ComparisonData, View } from '../data/model.ts'
import { useHere } from '../data/place.ts'
import { Link, Linked } from '../link.tsx'
import { StagesOf } from '../rollout/of-comparison.tsx'
import { Banner, standingOf } from './banner.tsx'
import { Causes } from './causes.tsx'
import { Changes, marksOf } from './changes.tsx'
import { Coverage, Reasons } from './fairness.tsx'
import { ErrorTypes } from './findings.tsx'
import { Later } from './later.tsx'
import { Metrics } from './metrics.tsx'
import { CallsTable, DownstreamTable, OperationsTable } from './operations.tsx'
import { Section } from './section.tsx'
import { AskedTraces, Traces } from './traces.tsx'

interface Props extends ComparisonData {
  readonly link: Connection
  /** Why there are no charts, or none for this verdict. */
  readonly chartTrouble: string | undefined
  readonly scopeOf: (operation: string) => ScopeChart | undefined
}

/** A comparison: the verdict, the reasons, and all the data behind them. */
export function Comparison({ state, verdict, view, link, chartTrouble, scopeOf }: Props): VNode {
  const here = useHere()
  const charts = view?.charts ?? null
  const standing = standingOf(state, verdict)
  const service = state?.service ?? verdict?.service ?? ''
  const tables = here.chosen['tables'] === '1'
  const range = rangeOf({ from: here.chosen['from'], to: here.chosen['to'] }, verdict?.window.seconds ?? 0)
  const operation = here.chosen['operation'] ?? null
  const choose = (from: number, to: number): void => here.choose({ from: String(from), to: String(to) })
  useEffect(() => {
    document.title = `${standing.toUpperCase()} · ${service} · Coalmine`
  }, [standing, service])
  const scope = operation === null ? charts?.scopes[0] : scopeOf(operation)
  const isJudged = verdict !== null && verdict.findings.length > 0
  const regressed = verdict?.regressed.map((one) => one.operation) ?? []
  const start = verdict?.window.start
  const marks = useMemo(
    () => marksOf(view?.changes ?? [], start, verdict?.window.seconds ?? 0),
    [view?.changes, start, verdict?.window.seconds],
  )
  return (
    <>
      <Heading state={state} verdict={verdict} deploy={view?.deploy ?? null} />
      <Banner state={state} verdict={verdict} view={view} link={link} />
      {standing === 'waiting' && !here.isReport && (
        <p class="quiet">
          This page notices when requests of both cohorts are counted, about 20 s after they end. If it takes longer,
          compare the selectors above with{' '}
          <Link to={`/services/${encodeURIComponent(service)}`}>the builds and flags that have been seen</Link>.
        </p>
      )}
      <StagesOf labels={state?.labels} />
      {isJudged && (
        <div class="tools">
          <RangeChoice seconds={verdict.window.seconds} />
          <label>
            <input
              type="checkbox"
              checked={tables}
              onChange={() => here.choose({ tables: tables ? undefined : '1' })}
            />{' '}
            Show all numbers as tables
          </label>
        </div>
      )}
      {chartTrouble !== undefined && (
        <p class="lost" role="alert">
          The charts of this verdict could not be computed: {chartTrouble}. This page tries again by itself.
        </p>
      )}
      {charts && verdict && behindSeconds(view, verdict) >= farBehindSeconds && (
        <p class="quiet" role="status">
          The charts show the time up to {moment(view?.until ?? '')}
          {here.isReport ? '.' : '; those of this verdict are being computed…'}
        </p>
      )}
      <chartMarks.Provider value={marks}>
        {charts && charts.evidence.parts > 0 && (
          <TotalEvidenceChart
            evidence={charts.evidence}
            binSeconds={charts.binSeconds}
            range={range}
            tables={tables}
            choose={choose}
          />
        )}
        {verdict && standing !== 'waiting' && <Reasons verdict={verdict} />}
        {verdict && <Budget verdict={verdict} />}
        {isJudged && <Metrics verdict={verdict} operation={operation} scope={scope} range={range} tables={tables} />}
      </chartMarks.Provider>
      {verdict && <Changes changes={view?.changes ?? []} start={verdict.window.start} marks={marks} />}
      <Later
        value={charts?.operations ?? null}
        besides={[operation, here.chosen['sort'], here.chosen['operations'], here.chosen['find'], ...regressed].join(
          '\n',
        )}
        draw={(rows) =>
          rows && rows.length > 1 ? (
            <Section id="operations" title="Operations" note="Most harm first. Click an operation to see its charts.">
              <OperationsTable rows={rows} chosen={operation ?? undefined} regressed={new Set(regressed)} />
            </Section>
          ) : null
        }
      />
      {verdict && verdict.errorTypes.length + verdict.clientErrorCodes.length > 0 && (
        <Section id="errors" title="Errors by type">
          <ErrorTypes types={verdict.errorTypes} title="Errors" />
          <ErrorTypes types={verdict.clientErrorCodes} title="Client errors" />
        </Section>
      )}
      {verdict && <Causes verdict={verdict} />}
      {view?.traces && verdict?.exemplars && <Traces traces={view.traces} note={noteOf(verdict.exemplars)} />}
      {isJudged && !verdict.exemplars && state && <AskedTraces id={state.id} operation={operation} />}
      <Later value={view?.calls ?? null} draw={callsSection} />
      <Later value={view?.downstream ?? null} draw={downstreamSection} />
      {verdict && verdict.verdict !== 'invalid' && <Coverage verdict={verdict} />}
    </>
  )
}

/** How much older than the verdict its charts are. */
function behindSeconds(view: View | null, verdict: Verdict): number {
  const until = Date.parse(view?.until ?? '')
  return Number.isNaN(until) ? 0 : (Date.parse(verdict.window.end) - until) / 1000
}
// While it runs, they are a few seconds behind at any time.
const farBehindSeconds = 30

const callsSection = (rows: View['calls']): VNode | null =>
  rows && rows.length > 0 ? (
    <Section
      id="calls"
      title="Databases and other services"
      note="What each cohort's requests called. Shown, not judged."
    >
      <CallsTable rows={rows} />
    </Section>
  ) : null

const downstreamSection = (rows: View['downstream']): VNode | null =>
  rows && rows.length > 0 ? (
    <Section
      id="downstream"
      title="Other services, by calling cohort"
      note="What they did in the traces of each cohort's requests, from the request on. Shown, not judged."
    >
      <DownstreamTable rows={rows} />
    </Section>
  ) : null

const noteOf = ({ metric, operation }: NonNullable<Verdict['exemplars']>): string =>
  `What is usual in stable, and what is typical of the canary's bad requests, for ${metric}${operation ? ` on ${operation}` : ''}.`

const linkFirst = ['commit', 'author', 'merged', 'change', 'pipeline']

interface HeadingProps extends Pick<ComparisonData, 'state' | 'verdict'> {
  /** The deploy of the canary's build. */
  readonly deploy: Change | null
}

function Heading({ state, verdict, deploy }: HeadingProps): VNode {
  const service = state?.service ?? verdict?.service ?? ''
  const stable = state?.stable ?? verdict?.cohorts.stable.selector ?? ''
  const canary = state?.canary ?? verdict?.cohorts.canary.selector ?? ''
  const rank = (name: string): number => (linkFirst.indexOf(name) + linkFirst.length + 1) % (linkFirst.length + 1)
  const labels = Object.entries({ ...labelsOf(deploy), ...state?.labels }).sort(([a], [b]) => rank(a) - rank(b))
  return (
    <header class="heading">
      <h1>{service}</h1>
      <p class="cohorts">
        <span class="cohort canary">
          <span class="role">canary</span> <b>{canary}</b>
        </span>
        <span class="against">against</span>
        <span class="cohort stable">
          <span class="role">stable</span> <b>{stable}</b>
        </span>
      </p>
      <dl class="labels">
        {labels.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Linked text={value} />
            </dd>
          </div>
        ))}
        {state && (
          <div>
            <dt>started</dt>
            <dd>{moment(state.startedAt)}</dd>
          </div>
        )}
        {state?.endedAt && (
          <div>
            <dt>ended</dt>
            <dd>
              {moment(state.endedAt)}
              {state.why && `, ${endedWhy[state.why]}`}
            </dd>
          </div>
        )}
        {verdict && verdict.verdict !== 'invalid' && (
          <div>
            <dt>judged</dt>
            <dd>{duration(verdict.window.seconds)} of traffic</dd>
          </div>
        )}
      </dl>
    </header>
  )
}

/** Details of the change under comparison, from the labels that pipelines set. */
function labelsOf(deploy: Change | null): Record<string, string> {
  if (!deploy) return {}
  const { commit, author, mergedBy, url, changes } = deploy
  const said = {
    commit: commit.slice(0, 12),
    author,
    merged: mergedBy,
    change: url,
    bundles: changes > 1 ? `${changes} changes` : '',
  }
  return Object.fromEntries(Object.entries(said).filter(([, text]) => text !== ''))
}

const endedWhy = {
  settled: 'settled',
  time: 'its time was up',
  idle: 'the canary stopped serving',
  stopped: 'somebody stopped it',
  refused: 'the server refused it',
} as const

/** The part of the window that charts show. */
function RangeChoice({ seconds }: { seconds: number }): VNode {
  const here = useHere()
  const isWhole = here.chosen['from'] === undefined && here.chosen['to'] === undefined
  const lengths = [300, 600, 1800, 3600].filter((one) => one < seconds * 0.9)
  const isLast = (one: number): boolean =>
    Number(here.chosen['from']) === Math.floor(seconds - one) && !here.chosen['to']
  const isOther = !isWhole && !lengths.some(isLast)
  return (
    <fieldset class="choices" aria-label="Range">
      <button type="button" aria-pressed={isWhole} onClick={() => here.choose({ from: undefined, to: undefined })}>
        Whole window
      </button>
      {lengths.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={isLast(one)}
          onClick={() => here.choose({ from: String(Math.floor(seconds - one)), to: undefined })}
        >
          Last {duration(one)}
        </button>
      ))}
      {isOther && (
        <span class="chosen-range">
          {duration(Number(here.chosen['from'] ?? 0))} to {duration(Number(here.chosen['to'] ?? seconds))}
        </span>
      )}
      <span class="quiet wide">Drag over a chart to choose a part.</span>
    </fieldset>
  )
}
