import type { Interaction, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, inUnit, percent, prose } from '../data/format.ts'
import { type Column, Rows } from '../rows.tsx'
import { shareOf } from './findings.tsx'
import { Section, Share } from './section.tsx'

/** What explains a FAIL: attributes, flags in both cohorts, spans that are new or missing. */
export function Causes({ verdict }: { verdict: Verdict }): VNode | null {
  const { why, interactions, structure } = verdict
  const changes = structure ?? []
  if (!why && interactions.length === 0 && changes.length === 0) return null
  const failed = why ? `${why.metric}${why.operation ? ` on ${why.operation}` : ''}` : undefined
  return (
    <Section id="causes" title="What explains it" note={failed && `For the worst finding: ${failed}.`}>
      {why && why.attributes.length > 0 && <Attributes why={why} />}
      {why && why.attributes.length === 0 && (
        <p>
          None of the {count(why.examined)} attribute values of the canary's requests explains it: they are as frequent
          in the bad requests as in the others.
        </p>
      )}
      {interactions.map((one) => (
        <FourCells key={one.flag} interaction={one} />
      ))}
      {changes.length > 0 && (
        <Rows
          label="Spans that differ"
          caption="Spans below the requests of one cohort that the other never has"
          columns={changeColumns}
          rows={changes}
          keyOf={({ kind, name }) => `${kind} ${name}`}
        />
      )}
    </Section>
  )
}

function Attributes({ why }: { why: NonNullable<Verdict['why']> }): VNode {
  const bad = { slow: 'slow', failed: 'failed', 'client-error': 'client errors' }[why.bad]
  const share = (title: string, cellOf: (one: Explaining) => { bad: number; n: number }): Column<Explaining> => ({
    title: `${title}, ${bad}`,
    kind: 'number',
    cell: (one) => {
      const cell = cellOf(one)
      return (
        <>
          {shareOf(cell.bad, cell.n)}
          <small>
            {count(cell.bad)} of {count(cell.n)}
          </small>
        </>
      )
    },
  })
  const columns: readonly Column<Explaining>[] = [
    {
      title: 'Attribute',
      kind: 'name',
      cell: ({ attribute, alike }) => (
        <>
          {attribute}
          {alike.length > 0 && <small>the same requests: {alike.join(', ')}</small>}
        </>
      ),
    },
    {
      title: 'Explains',
      cell: ({ explained }) => (
        <>
          <Share value={explained} name="harm" /> <small>{percent(explained, 2)}</small>
        </>
      ),
    },
    share('Canary with it', ({ canary }) => canary.with),
    share('Canary without', ({ canary }) => canary.without),
    share('Stable with it', ({ stable }) => stable.with),
  ]
  return (
    <Rows
      label="Attributes"
      caption={`Attributes of the bad requests, of ${count(why.examined)} examined${
        why.slowFromSeconds === null ? '' : `; slow is above ${inUnit(why.slowFromSeconds, 'seconds')}`
      }`}
      columns={columns}
      rows={why.attributes}
      keyOf={({ attribute }) => attribute}
    />
  )
}

type Explaining = NonNullable<Verdict['why']>['attributes'][number]

const changeColumns: readonly Column<NonNullable<Verdict['structure']>[number]>[] = [
  { title: 'Span', kind: 'name', cell: ({ name }) => name },
  { title: 'Kind', cell: ({ kind }) => kind },
  { title: 'In the canary', cell: ({ change }) => change },
  { title: 'Of traces', kind: 'number', cell: ({ share }) => percent(share) },
]

/** Build x flag: the same requests in four cells. */
function FourCells({ interaction }: { interaction: Interaction }): VNode {
  const { flag, variants, cells, unit, message } = interaction
  const column = (variant: string): Column<'stable' | 'canary'> => ({
    title: `${flag}=${variant}`,
    kind: 'number',
    cell: (cohort) => {
      const cell = cells.find((one) => one.cohort === cohort && one.variant === variant)
      return (
        <>
          {inUnit(cell?.value, unit)}
          <small>of {count(cell?.count ?? 0)}</small>
        </>
      )
    },
  })
  return (
    <div class="cells">
      <p>{prose(message)}</p>
      {cells.length > 0 && (
        <Rows
          label={`Build by flag ${flag}`}
          caption={`Build by flag ${flag}`}
          columns={[{ title: 'Cohort', cell: (cohort) => cohort }, ...variants.map(column)]}
          rows={['stable', 'canary'] as const}
          keyOf={(cohort) => cohort}
          isSmall
        />
      )}
    </div>
  )
}
