import type { Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { capital, count, duration, moment, percent, prose } from '../data/format.ts'
import { useHere } from '../data/place.ts'
import { type Column, Rows } from '../rows.tsx'
import { nameOf, someOf } from './findings.tsx'
import { Section } from './section.tsx'

const signs = { decides: 'decides', blocks: 'no PASS', note: 'note' } as const

/** The reasons of the verdict, what keeps it from PASS, and notes. */
export function Reasons({ verdict }: { verdict: Verdict }): VNode {
  return (
    <Section id="reasons" title="Why, and how fair it is">
      <ul class="reasons">
        {verdict.reasons.map(({ code, weight, message }, at) => (
          <li key={`${code} ${at}`} class={weight}>
            <span class="weight">{signs[weight]}</span>
            <span>{reasonText(message)}</span>
          </li>
        ))}
        {verdict.advisory && (
          <li class="note">
            <span class="weight">advisory</span>
            <span>{prose(verdict.advisory.message)}</span>
          </li>
        )}
        {verdict.hypotheses.map(({ metric, answer, message, reason }) => (
          <li key={metric} class="note">
            <span class="weight">{answer}</span>
            <span>
              {prose(message)}
              {reason && <em> ({reason})</em>}
            </span>
          </li>
        ))}
      </ul>
      {verdict.missing.length > 0 && <Missing missing={verdict.missing} />}
    </Section>
  )
}

// The page lists them itself.
const reasonText = (message: string): string =>
  capital(prose(message.replace('; "missing" in the JSON lists them all.', '; all of them are listed below.')))

/** Everything that PASS waits for, slowest first. */
function Missing({ missing }: { missing: Verdict['missing'] }): VNode {
  const here = useHere()
  const isOpen = here.chosen['missing'] === '1'
  const last = Number.POSITIVE_INFINITY
  const longestFirst = missing.toSorted((a, b) => (b.seconds ?? last) - (a.seconds ?? last) || 0)
  return (
    <details
      class="all"
      open={isOpen}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isOpen) here.choose({ missing: open ? '1' : undefined })
      }}
    >
      <summary>
        All that PASS waits for ({count(missing.length)} {missing.length === 1 ? 'part' : 'parts'})
      </summary>
      {isOpen && (
        <Rows
          label="What PASS waits for"
          columns={missingColumns}
          rows={longestFirst}
          keyOf={({ metric, operation, part }) => `${metric} ${operation} ${part}`}
        />
      )}
    </details>
  )
}

const missingColumns: readonly Column<Verdict['missing'][number]>[] = [
  { title: 'Where', kind: 'name', cell: ({ operation }) => operation ?? 'the whole service' },
  { title: 'Metric', cell: ({ metric }) => nameOf(metric) },
  { title: 'Part', cell: ({ part }) => part },
  {
    title: 'More canary requests',
    kind: 'number',
    cell: ({ canaryRequests }) => (canaryRequests === null ? 'not known' : count(canaryRequests)),
  },
  { title: 'At this rate', kind: 'number', cell: ({ seconds }) => (seconds === null ? '–' : duration(seconds)) },
]

/** What the canary never served, and who was compared. */
export function Coverage({ verdict }: { verdict: Verdict }): VNode {
  const { coverage, cohorts, hosts, window, policy } = verdict
  return (
    <Section id="coverage" title="Who was compared, and what the canary never met">
      <Rows
        label="Cohorts"
        columns={cohortColumns}
        rows={(['stable', 'canary'] as const).map((arm) => ({ arm, ...cohorts[arm] }))}
        keyOf={({ arm }) => arm}
      />
      <dl class="facts">
        <div>
          <dt>Time</dt>
          <dd>
            The canary served in {coverage.minutes} of {coverage.windowMinutes} minutes ({coverage.minutesOfHour} of the
            hour's 60).
          </dd>
        </div>
        <div>
          <dt>Operations</dt>
          <dd>
            It served operations with {percent(coverage.operationsShare)} of stable's requests.
            {coverage.unserved.length > 0 &&
              ` Never: ${someOf(
                coverage.unserved.map(({ operation, share }) => `${operation} (${percent(share, 2)})`),
                8,
              )}.`}
          </dd>
        </div>
        {hosts && hosts.outOfLine.length > 0 && (
          <div>
            <dt>Instances</dt>
            <dd>Out of line: {someOf(hosts.outOfLine.map(({ instance, metric }) => `${instance} (${metric})`))}.</dd>
          </div>
        )}
        <div>
          <dt>Window</dt>
          <dd>
            {moment(window.start)} to {moment(window.end)}: {duration(window.seconds)}.
          </dd>
        </div>
        <div>
          <dt>Policy</dt>
          <dd>
            The chance of a false FAIL is at most {percent(policy.alpha)}, over all findings and looks together. Hash{' '}
            <code>{policy.hash.slice(0, 12)}</code>, coalmine {verdict.version}.
          </dd>
        </div>
      </dl>
    </Section>
  )
}

const cohortColumns: readonly Column<Verdict['cohorts']['stable'] & { readonly arm: string }>[] = [
  { title: 'Cohort', cell: ({ arm }) => arm },
  { title: 'Selector', kind: 'name', cell: ({ selector }) => selector },
  { title: 'Requests', kind: 'number', cell: ({ requests }) => count(requests) },
  {
    title: 'Instances',
    kind: 'number',
    cell: ({ instances }) => (instances === 0 ? 'not known' : count(instances)),
  },
  { title: 'Test requests left out', kind: 'number', cell: ({ testRequests }) => count(testRequests) },
]
