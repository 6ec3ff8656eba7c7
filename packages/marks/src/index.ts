// For applications.

export { keepMarks, withoutMarks } from './keep-marks.ts'
export { markAudience, markFlag, markTestEntity } from './mark-request.ts'
export type { TestEntity } from './marks.ts'
export { resumeTest } from './resume-test.ts'
export { type CurrentTest, currentTest, currentTraffic, isTestTraffic, type JobSigningOptions } from './traffic.ts'

// For an application's OpenTelemetry setup.

export type { Build } from './build.ts'
export { type BuildSources, buildAttributes, detectBuild } from './detect-build.ts'
export { divertTestTraffic, type SpanPipeline } from './divert.ts'
export type { SigningOptions } from './marker-of.ts'
export { type SendOptions, sendMarks } from './outgoing.ts'
export { type MarkOptions, MarkProcessor } from './processor.ts'
export { MarkPropagator } from './propagator.ts'
export type { Encoding, MarkableSpan } from './stamp.ts'
export type { HoldLimits } from './waiting-roots.ts'

// Signed markers of test traffic.

export { type RevokedRuns, watchRevokedRuns } from './revoked-runs.ts'
export {
  type Marker,
  type MarkerCheck,
  type MarkerTrust,
  parseSigningKeys,
  type RefusalReason,
  type SigningKey,
  signMarker,
  verifyMarker,
} from './signature.ts'

// Building blocks for middleware and adapters.

export type { Closing } from './ending.ts'
export { type RawRequest, type RequestOptions, withRequestMarks } from './request.ts'
export { sayOnce } from './say-once.ts'

// Attribute keys.

export {
  AUDIENCE,
  CHANGE_AUTHOR,
  CHANGE_COUNT,
  CHANGE_ID,
  CHANGE_MERGER,
  DEPLOYMENT,
  FLAG_PREFIX,
  FLAGS,
  FLAGS_DROPPED,
  FLAGS_TARGETED,
  INSTANCE,
  MIXED,
  REPOSITORY,
  REVISION,
  RUN,
  SERVICE_NAME,
  SERVICE_VERSION,
  SPANS_EARLY,
  SYNTHETIC_TYPE,
  TEST,
  TEST_CLAIMED,
  TEST_ENTITY,
  TEST_EXPIRES,
  TEST_HEADER,
  TEST_MARKER,
  TEST_OWNER,
  TEST_REFUSED,
  TEST_RUN,
  VIA_PREFIX,
} from './attributes.ts'
