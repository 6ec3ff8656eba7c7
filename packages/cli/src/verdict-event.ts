import type { Outcome, Verdict } from '@coalmine/comparator'
import { type Io, tell } from './io.ts'

const patienceMs = 5000

// The severity numbers of OpenTelemetry's logs data model.
const severities: Record<Outcome, { readonly severityNumber: number; readonly severityText: string }> = {
  pass: { severityNumber: 9, severityText: 'INFO' },
  inconclusive: { severityNumber: 9, severityText: 'INFO' },
  invalid: { severityNumber: 13, severityText: 'WARN' },
  fail: { severityNumber: 17, severityText: 'ERROR' },
}

/**
 * Sends the verdict as one log event, `coalmine.verdict`, over OTLP/HTTP as JSON, so that it appears beside the service's
 * own telemetry. A failure is reported and does not change the verdict.
 *
 * @param endpoint as in OTEL_EXPORTER_OTLP_ENDPOINT, without `/v1/logs`.
 */
export async function sendVerdict(verdict: Verdict, endpoint: string, nowMs: number, io: Io): Promise<void> {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/logs`
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headersIn(io.env['OTEL_EXPORTER_OTLP_HEADERS']), 'content-type': 'application/json' },
      body: JSON.stringify(verdictEvent(verdict, nowMs)),
      signal: AbortSignal.timeout(patienceMs),
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`it answered ${response.status}`)
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message
    tell(io, `the verdict was not sent to ${url}: ${why}`)
  }
}

/** Builds the event as an OTLP request. Its resource is the judged service. */
function verdictEvent(verdict: Verdict, nowMs: number): object {
  const { service, cohorts, window, reasons, policy, version } = verdict
  const time = `${nowMs}000000`
  return {
    resourceLogs: [
      {
        resource: { attributes: texts({ 'service.name': service }) },
        scopeLogs: [
          {
            scope: { name: 'coalmine', version },
            logRecords: [
              {
                timeUnixNano: time,
                observedTimeUnixNano: time,
                eventName: 'coalmine.verdict',
                ...severities[verdict.verdict],
                body: { stringValue: reasons.find(({ weight }) => weight !== 'note')?.message ?? '' },
                attributes: texts({
                  'coalmine.verdict': verdict.verdict,
                  'coalmine.stable': cohorts.stable.selector,
                  'coalmine.canary': cohorts.canary.selector,
                  'coalmine.window.start': window.start,
                  'coalmine.window.end': window.end,
                  'coalmine.policy.hash': policy.hash,
                }),
              },
            ],
          },
        ],
      },
    ],
  }
}

function texts(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

/** Parses comma-separated `key=value` pairs, percent-encoded as in baggage. */
function headersIn(text = ''): Record<string, string> {
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=(.*)$/.exec(pair))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1]!, decoded(pair[2]!.trim())]] : [])))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
