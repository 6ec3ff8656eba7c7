import type { LogRecord } from '../src/ingest/log-record.ts'
import { firstStart } from './spans.ts'

/** An evaluation of the storefront's flag `new-pricing`, with what a test changes. */
export function evaluationOf(
  changes: Partial<Omit<LogRecord, 'timeNs'>> & { atMs?: number; flag?: string } = {},
): LogRecord {
  const { atMs = 0, flag = 'new-pricing', attributes = {}, ...rest } = changes
  return {
    timeNs: BigInt(firstStart + atMs) * 1_000_000n + 123_456n,
    traceId: '0a'.repeat(16),
    spanId: '0b'.repeat(8),
    traceFlags: 1,
    severityText: '',
    severityNumber: 0,
    service: 'storefront',
    body: '',
    resourceSchemaUrl: '',
    resource: { 'service.name': 'storefront' },
    scopeSchemaUrl: '',
    scopeName: '@coalmine/flags',
    scopeVersion: '',
    scopeAttributes: {},
    attributes: {
      'feature_flag.key': flag,
      'feature_flag.provider.name': 'unleash',
      'feature_flag.result.variant': 'on',
      'feature_flag.result.reason': 'targeting_match',
      ...attributes,
    },
    eventName: 'feature_flag.evaluation',
    ...rest,
  }
}
