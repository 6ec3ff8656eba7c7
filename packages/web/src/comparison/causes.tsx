import type { Interaction, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, inUnit, percent } from '../data/format.ts'
import { Scroll } from '../scroll.tsx'
import { shareOf } from './findings.tsx'
import { Section, Share } from './section.tsx'

/** What explains a FAIL: attributes, flags in both cohorts, spans that are new or missing. */
export function Causes({ verdict }: { verdict: Verdict }): VNode | null {
  const { why, interactions, structure } = verdict
  const changes = structure ?? []
  if (!why && interactions.length === 0 && changes.length === 0) return null
  const failed = why ? `${why.metric}${why.operation ? ` on ${why.operation}` : ''}` : undefined
  return (
    <Section id="causes" title="What explains it" note={failed && `Of the worst finding: ${failed}.`}>
      {why && why.attributes.length > 0 && <Attributes why={why} />}
      {why && why.attributes.length === 0 && (
        <p>
          None of the {count(why.examined)} attribute values that the canary's requests have explains it: they are alike
          in the bad requests and in the others.
        </p>
      )}
      {interactions.map((one) => (
        <FourCells key={one.flag} interaction={one} />
      ))}
      {changes.length > 0 && (
        <Scroll label="Spans that differ">
          <table class="rows">
            <caption>Spans below the requests that one cohort has and the other never</caption>
            <thead>
              <tr>
                <th scope="col">Span</th>
                <th scope="col">Kind</th>
                <th scope="col">In the canary</th>
                <th scope="col" class="number">
                  Of traces
                </th>
              </tr>
            </thead>
            <tbody>
              {changes.map((one) => (
                <tr key={`${one.kind} ${one.name}`}>
                  <th scope="row" class="name">
                    {one.name}
                  </th>
                  <td>{one.kind}</td>
                  <td>{one.change}</td>
                  <td class="number">{percent(one.share)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Section>
  )
}

function Attributes({ why }: { why: NonNullable<Verdict['why']> }): VNode {
  const bad = { slow: 'slow', failed: 'failed', 'client-error': 'client errors' }[why.bad]
  return (
    <Scroll label="Attributes">
      <table class="rows">
        <caption>
          Attributes of the bad requests, of {count(why.examined)} examined
          {why.slowFromSeconds !== null && `; slow is above ${inUnit(why.slowFromSeconds, 'seconds')}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Attribute</th>
            <th scope="col">Explains</th>
            <th scope="col" class="number">
              Canary with it, {bad}
            </th>
            <th scope="col" class="number">
              Canary without, {bad}
            </th>
            <th scope="col" class="number">
              Stable with it, {bad}
            </th>
          </tr>
        </thead>
        <tbody>
          {why.attributes.map((one) => (
            <tr key={one.attribute}>
              <th scope="row" class="name">
                {one.attribute}
                {one.alike.length > 0 && <small>the same requests: {one.alike.join(', ')}</small>}
              </th>
              <td>
                <Share value={one.explained} name="harm" /> <small>{percent(one.explained, 2)}</small>
              </td>
              {[one.canary.with, one.canary.without, one.stable.with].map((cell, at) => (
                <td key={at} class="number">
                  {shareOf(cell.bad, cell.n)}
                  <small>
                    {count(cell.bad)} of {count(cell.n)}
                  </small>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** Build x flag: the same requests in four cells. */
function FourCells({ interaction }: { interaction: Interaction }): VNode {
  const { flag, variants, cells, unit, message } = interaction
  return (
    <div class="cells">
      <p>{message}</p>
      {cells.length > 0 && (
        <Scroll label={`Build by flag ${flag}`}>
          <table class="rows small">
            <caption>Build by flag {flag}</caption>
            <thead>
              <tr>
                <th scope="col">Cohort</th>
                {variants.map((variant) => (
                  <th key={variant} scope="col" class="number">
                    {flag}={variant}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {(['stable', 'canary'] as const).map((cohort) => (
                <tr key={cohort}>
                  <th scope="row">{cohort}</th>
                  {variants.map((variant) => {
                    const cell = cells.find((one) => one.cohort === cohort && one.variant === variant)
                    return (
                      <td key={variant} class="number">
                        {inUnit(cell?.value, unit)}
                        <small>of {count(cell?.count ?? 0)}</small>
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </div>
  )
}
