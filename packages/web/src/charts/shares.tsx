import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import type { VNode } from 'preact'
import { count, percent } from '../data/format.ts'
import type { BuildShares } from '../data/model.ts'
import { Legend, someRows } from './frame.tsx'
import { OverTime } from './over-time.tsx'

const mostLines = 4
const lineClass = ['build', 'build second', 'build third', 'build fourth']

interface Props {
  readonly shares: BuildShares
  /** The build to highlight, if there is one. */
  readonly build: string | undefined
}

/** The shares of a service's requests by its newest builds. */
export function SharesChart({ shares, build }: Props): VNode | null {
  const { startMs, binSeconds, all } = shares
  const newest = shares.builds.slice(0, mostLines)
  const looked = shares.builds.find(({ version }) => version === build)
  const builds = looked && !newest.includes(looked) ? [...newest.slice(0, mostLines - 1), looked] : newest
  if (builds.length === 0) return null
  const classOf = (version: string, at: number): string => `${lineClass[at]}${version === build ? ' this' : ''}`
  const share = (requests: number, at: number): number => (all[at]! > 0 ? requests / all[at]! : 0)
  // A share of few requests, as in the last moment, is mostly chance.
  const fewest = Math.max(1, 0.1 * (all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0))
  const clock = (seconds: number): string =>
    new Date(startMs + seconds * 1000).toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      ...(binSeconds < 60 && { second: '2-digit' }),
    })
  return (
    <OverTime
      title="Share of requests by build"
      summary={builds
        .map(({ version, bins }) => `${version} has ${percent(share(bins.at(-1)!, bins.length - 1))} at the end`)
        .join('; ')}
      height={200}
      range={{ from: 0, to: all.length * binSeconds }}
      tables={false}
      legend={<Legend items={builds.map(({ version }, at) => [classOf(version, at), version])} />}
      table={() => ({
        caption: 'Requests by build over time',
        head: ['From', ...builds.map(({ version }) => version), 'All builds'],
        rows: someRows(
          all.map((sum, at) => [clock(at * binSeconds), ...builds.map(({ bins }) => count(bins[at]!)), count(sum)]),
        ),
      })}
      y={({ bottom, top }) => scaleLinear([0, 1], [bottom, top])}
      yTicks={() => [0, 0.25, 0.5, 0.75, 1]}
      yText={(value) => percent(value)}
      xText={clock}
    >
      {({ x, y }) =>
        builds.map(({ version, bins }, place) => (
          <path
            key={version}
            class={`line ${classOf(version, place)}`}
            d={
              line<number>()
                .defined((_, at) => all[at]! >= fewest)
                .x((_, at) => x((at + 0.5) * binSeconds))
                .y((requests, at) => y(share(requests, at)))([...bins]) ?? ''
            }
          />
        ))
      }
    </OverTime>
  )
}
