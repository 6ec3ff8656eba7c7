import type { Dora, DoraAnswer, DoraMedian } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { Section } from '../comparison/section.tsx'
import { useAnswer } from '../data/answer.ts'
import { count, duration, number, percent } from '../data/format.ts'

/** The five DORA metrics of a service, each with how it was counted; renders nothing if there were no deploys. */
export function Delivery({ service, attempt }: { service: string; attempt: number }): VNode | null {
  const { answer } = useAnswer<DoraAnswer>(`/api/dora?service=${encodeURIComponent(service)}`, 60_000, attempt)
  const one = answer?.services.find((found) => found.service === service)
  if (!one) return null
  return (
    <Section
      id="delivery"
      title="Delivery"
      note={`${plural(one.deploys, 'deploy')} in the last 90 days. Compare these numbers with earlier ones of the same service.`}
    >
      <dl class="facts">
        <Metric name="Lead time" value={told(one.leadTime)} how={leadTimeOf(one)} />
        <Metric name="Frequency" value={`${number(one.perWeek)} a week`} how={betweenOf(one)} />
        <Metric name="Recovery" value={told(one.recoveryTime)} how={recoveryOf(one)} />
        <Metric name="Failed" value={share(one.failRate)} how={failedOf(one)} />
        <Metric
          name="Rework"
          value={share(one.reworkRate)}
          how={`${count(one.reworks)} of ${count(one.deploys)}: within a day of a failed one, back to an earlier build, or called a hotfix or revert`}
        />
      </dl>
    </Section>
  )
}

function Metric({ name, value, how }: { name: string; value: string; how: string }): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {how && <small>{how}</small>}
      </dd>
    </div>
  )
}

const leadTimeOf = ({ leadTime, deploys }: Dora): string =>
  leadTime.of === 0
    ? 'no deploy says when its change was committed: run coalmine deploy in the pipeline'
    : `from commit to first request: median of ${count(leadTime.of)} of ${plural(deploys, 'deploy')}`

const betweenOf = ({ between }: Dora): string =>
  between.of === 0 ? '' : `median ${told(between)} from one to the next`

const recoveryOf = ({ failed, recoveryTime, notRecovered }: Dora): string =>
  failed === 0
    ? 'none failed'
    : `from proof of harm to the build's last request: median of ${count(recoveryTime.of)} of ${count(failed)} that failed${
        notRecovered === 0 ? '' : `; ${count(notRecovered)} still in service`
      }`

const failedOf = ({ failed, deploys, caughtInCanary, atFullTraffic, shareNotKnown }: Dora): string =>
  failed === 0
    ? `none of ${count(deploys)}`
    : `${count(failed)} of ${count(deploys)}: ${count(caughtInCanary)} caught in a canary, ${count(atFullTraffic)} at full traffic${
        shareNotKnown === 0 ? '' : `, ${count(shareNotKnown)} too long ago to know`
      }`

const told = ({ seconds }: DoraMedian): string => (seconds === null ? '–' : duration(seconds))

const share = (value: number | null): string => (value === null ? '–' : percent(value))

const plural = (n: number, what: string): string => `${count(n)} ${n === 1 ? what : `${what}s`}`
