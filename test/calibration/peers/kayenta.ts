// Kayenta's NetflixACAJudge on one point a minute, asked again after every minute from the fifth on as its stages do; an alarm
// when the score is below the threshold: spinnaker/kayenta, NetflixACAJudge, and the thresholds that its documentation suggests.
import { judgeAsKayenta, minuteSeries, parseKayenta, tickMs } from '@coalmine/comparator'
import type { Peer } from './peer.ts'

const kayenta = (name: string, source: string): Peer => {
  const metric = { name: source, groups: ['latency'], analysisConfigurations: { canary: { direction: 'increase' } } }
  const content = { metrics: [metric], classifier: { groupWeights: { latency: 100 } } }
  const config = parseKayenta(content, 'canary.json')
  return {
    name,
    about: 'latency',
    firstAlarm(slices, ticks) {
      const window = { start: 0, end: ticks * tickMs }
      const [series] = minuteSeries(slices, config, window, { stable: 1, canary: 1 })
      for (let minutes = firstLook; minutes <= series!.stable.length; minutes += 1) {
        const { stable, canary } = series!
        const soFar = { ...series!, stable: stable.slice(0, minutes), canary: canary.slice(0, minutes) }
        if (judgeAsKayenta(config, [soFar]).classification === 'Fail') return minutes * 60
      }
      return Infinity
    },
  }
}

const firstLook = 5

export const kayentaMean: Peer = kayenta('Kayenta each minute, mean latency', 'latency-mean')
export const kayentaP99: Peer = kayenta('Kayenta each minute, p99', 'latency-p99')
