import type { JourneyBudget, Verdict } from '@coalmine/comparator'
import type { Ingest } from '@coalmine/store'
import type { Attributes, Meter } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { FastifyInstance } from 'fastify'
import type { Limit } from './errors.ts'
import type { Admission } from './receive/admission.ts'

/** The server's own metrics: recorded through OpenTelemetry, served at `/metrics` in Prometheus' format. */
export interface Metrics {
  /** A request of spans was answered. `outcome` is stored, queued, busy, full, malformed or failed. */
  readonly received: (outcome: string, spans: number, refusedSpans: number, seconds: number) => void
  /** A request of log records was answered. */
  readonly receivedLogs: (outcome: string, records: LogRecordCounts) => void
  /** A request or a connection hit a limit on what the server holds or waits for. */
  readonly limited: (protocol: 'http' | 'grpc', limit: Limit) => void
  /** A verdict was given; the newest of each comparison is exported. */
  readonly judged: (verdict: Verdict) => void
  /** An attempt to deliver a message ended as sent, retried, refused or expired. */
  readonly notified: (target: string, outcome: string) => void
  /** Registers a callback that reads the state of targets at each scrape. */
  readonly observeTargets: (read: () => readonly TargetPending[]) => void
  /** Error budgets were counted again; these replace the earlier ones. */
  readonly budgets: (budgets: readonly JourneyBudget[]) => void
  /** Answers scrapes. */
  readonly reader: PrometheusExporter
  readonly close: () => Promise<void>
}

/** The number of messages pending for a target, and the time of the oldest, ISO 8601. */
export interface TargetPending {
  readonly target: string
  readonly pending: number
  readonly oldestAt: string | null
}

/** Counts of flag evaluations that were stored or refused, and of other records, which are ignored. */
export interface LogRecordCounts {
  readonly stored: number
  readonly refused: number
  readonly ignored: number
}

// The verdicts kept; the oldest are dropped first.
const rememberedVerdicts = 100

const outcomes = { pass: 0, fail: 1, inconclusive: 2, invalid: 3 } as const

/** Starts measuring; the state of ingest is read at each scrape. */
export function startMetrics(ingest: Pick<Ingest, 'state'>, admission: Pick<Admission, 'heldBytes'>): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true })
  const provider = new MeterProvider({ readers: [reader] })
  const meter = provider.getMeter('coalmine')
  observeIngest(meter, ingest, admission)
  return {
    ...countRequests(meter),
    judged: observeVerdicts(meter),
    ...countMessages(meter),
    budgets: observeBudgets(meter),
    reader,
    close: () => provider.shutdown(),
  }
}

function countRequests(meter: Meter): Pick<Metrics, 'received' | 'receivedLogs' | 'limited'> {
  const requests = meter.createCounter('coalmine.ingest.requests', {
    description: 'OTLP requests with spans, by outcome',
  })
  const spans = meter.createCounter('coalmine.ingest.spans', {
    description: 'Spans in OTLP requests, stored or refused',
  })
  const duration = meter.createHistogram('coalmine.ingest.duration.seconds', {
    description: 'Time from a request that was read to its answer',
    advice: { explicitBucketBoundaries: [0.01, 0.03, 0.1, 0.3, 1, 3, 10] },
  })
  const logRequests = meter.createCounter('coalmine.ingest.log_requests', {
    description: 'OTLP requests with log records, by outcome',
  })
  const logRecords = meter.createCounter('coalmine.ingest.log_records', {
    description: 'Log records in OTLP requests: flag evaluations, stored or refused, and others, ignored',
  })
  const limits = meter.createCounter('coalmine.limits', {
    description: 'Requests and connections refused, by protocol and by the limit they hit',
  })
  return {
    limited: (protocol, limit) => limits.add(1, { protocol, limit }),
    received: (outcome, stored, refused, seconds) => {
      requests.add(1, { outcome })
      if (stored > 0) spans.add(stored, { outcome: 'stored' })
      if (refused > 0) spans.add(refused, { outcome: 'refused' })
      duration.record(seconds)
    },
    receivedLogs: (outcome, records) => {
      logRequests.add(1, { outcome })
      for (const [became, count] of Object.entries(records)) if (count > 0) logRecords.add(count, { outcome: became })
    },
  }
}

function countMessages(meter: Meter): Pick<Metrics, 'notified' | 'observeTargets'> {
  const tries = meter.createCounter('coalmine.notify.tries', {
    description: 'Attempts to deliver a message to a target, by outcome; refused and expired messages are given up',
  })
  const pending = meter.createObservableGauge('coalmine.notify.pending', {
    description: 'Messages not yet delivered to a target',
  })
  const age = meter.createObservableGauge('coalmine.notify.oldest.seconds', {
    description: 'How long the oldest undelivered message has been waiting',
  })
  return {
    notified: (target, outcome) => tries.add(1, { target, outcome }),
    observeTargets: (read) =>
      meter.addBatchObservableCallback(
        (result) => {
          for (const { target, pending: waiting, oldestAt } of read()) {
            result.observe(pending, waiting, { target })
            result.observe(age, oldestAt === null ? 0 : Math.max(0, (Date.now() - Date.parse(oldestAt)) / 1000), {
              target,
            })
          }
        },
        [pending, age],
      ),
  }
}

function observeIngest(meter: Meter, ingest: Pick<Ingest, 'state'>, admission: Pick<Admission, 'heldBytes'>): void {
  const held = meter.createObservableGauge('coalmine.ingest.held.bytes', {
    description: 'Memory held by OTLP requests under way, as received and unpacked',
  })
  const late = meter.createObservableCounter('coalmine.ingest.late_spans', {
    description: 'Spans that arrived after their tick had closed, since the server started',
  })
  const queue = meter.createObservableGauge('coalmine.ingest.queue.bytes', {
    description: 'Rows waiting for the engine',
  })
  const closed = meter.createObservableCounter('coalmine.ticks.closed', {
    description: 'Ticks closed since the server started',
  })
  const open = meter.createObservableGauge('coalmine.ticks.open', { description: 'Ticks not closed yet' })
  const lag = meter.createObservableGauge('coalmine.ticks.lag.seconds', {
    description: 'How long the oldest open tick is overdue',
  })
  const free = meter.createObservableGauge('coalmine.store.free.bytes', {
    description: 'Free space on the disk of an embedded store',
  })
  const needed = meter.createObservableGauge('coalmine.store.min_free.bytes', {
    description: 'With less free disk space than this, spans are refused',
  })
  meter.addBatchObservableCallback(
    (result) => {
      const state = ingest.state()
      result.observe(held, admission.heldBytes())
      result.observe(late, state.lateSpans)
      result.observe(queue, state.queuedBytes + state.logs.queuedBytes)
      result.observe(closed, state.closedTicks)
      result.observe(open, state.openTicks)
      result.observe(lag, state.overdueSeconds)
      if (!state.space) return
      result.observe(free, state.space.freeBytes)
      result.observe(needed, state.space.minFreeBytes)
    },
    [held, late, queue, closed, open, lag, free, needed],
  )
}

/** Exports the last verdict of each comparison; returns a function that takes new ones. */
function observeVerdicts(meter: Meter): Metrics['judged'] {
  const verdicts = new Map<string, Verdict>()
  const value = meter.createObservableGauge('coalmine.verdict', {
    description: 'The last verdict of a comparison: 0 pass, 1 fail, 2 inconclusive, 3 invalid',
  })
  const effect = meter.createObservableGauge('coalmine.finding.effect', {
    description: 'Effect of a finding of the last verdict, and the bounds of its confidence sequence',
  })
  meter.addBatchObservableCallback(
    (result) => {
      for (const verdict of verdicts.values()) {
        const comparison = labelsOf(verdict)
        result.observe(value, outcomes[verdict.verdict], comparison)
        for (const finding of verdict.findings) {
          const { metric, operation, margin, interval } = finding
          const where = { ...comparison, metric, operation: operation ?? '', margin }
          const bounds = { estimate: finding.effect.value, lower: interval.lower, upper: interval.upper }
          for (const [bound, number] of Object.entries(bounds))
            if (number !== null) result.observe(effect, number, { ...where, kind: finding.effect.kind, bound })
        }
      }
    },
    [value, effect],
  )
  return (verdict) => {
    const key = JSON.stringify(labelsOf(verdict))
    verdicts.delete(key)
    verdicts.set(key, verdict)
    const [oldest] = verdicts.keys()
    if (verdicts.size > rememberedVerdicts && oldest !== undefined) verdicts.delete(oldest)
  }
}

// Limits: the journeys with the most requests, and the latest builds of each.
const mostJourneys = 100
const mostBuilds = 4

/** Exports the latest budgets; returns a function that takes new ones. */
function observeBudgets(meter: Meter): Metrics['budgets'] {
  let told: readonly JourneyBudget[] = []
  const good = meter.createObservableGauge('coalmine.slo.compliance', {
    description: 'The share of good requests of a journey in its window',
  })
  const left = meter.createObservableGauge('coalmine.slo.budget.left', {
    description: 'The share of the error budget that is left; below 0 if it is overspent',
  })
  const burn = meter.createObservableGauge('coalmine.slo.burn', {
    description:
      'Burn rate of a budget, 1 being what the objective allows, for all requests (empty build) and for each build; absent where there are too few bad requests for a rate',
  })
  meter.addBatchObservableCallback(
    (result) => {
      for (const budget of told) {
        const { slo, service, operation } = budget
        const journey = { slo, service, operation: operation ?? '' }
        if (budget.compliance !== null) result.observe(good, budget.compliance, journey)
        if (budget.budget) result.observe(left, budget.budget.leftShare, journey)
        for (const { build, burn: burns } of [{ build: '', burn: budget.burn }, ...budget.cohorts.slice(-mostBuilds)])
          for (const [window, { rate }] of Object.entries(burns))
            if (rate !== null) result.observe(burn, rate, { ...journey, build, window: window.replace('last', '') })
      }
    },
    [good, left, burn],
  )
  return (budgets) => {
    told = budgets.toSorted((a, b) => b.window.requests - a.window.requests).slice(0, mostJourneys)
  }
}

/** `GET /metrics`. */
export function registerMetrics(app: FastifyInstance, { reader }: Metrics): void {
  app.get('/metrics', (request, reply) => {
    reply.hijack()
    reader.getMetricsRequestHandler(request.raw, reply.raw)
  })
}

function labelsOf({ service, cohorts }: Verdict): Attributes {
  return { service, stable: cohorts.stable.selector, canary: cohorts.canary.selector }
}
