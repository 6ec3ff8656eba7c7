import { median } from 'simple-statistics'

/** A deploy of a service. Times are milliseconds since 1970. */
export interface DoraDeploy {
  readonly service: string
  readonly version: string
  readonly what: string
  readonly atMs: number
  /** Time of the build's first user requests; null if none has been seen. */
  readonly servedMs: number | null
  /** Time of the commit; 0 if unknown. */
  readonly committedMs: number
  /** The number of changes it bundles; 0 if unknown. */
  readonly changes: number
}

/** A build that was proved harmful. */
export interface DoraFailure {
  readonly service: string
  readonly version: string
  /** When harm was first proved. */
  readonly atMs: number
  /** Its share of the service's requests at that time; null if no longer known. */
  readonly share: number | null
  /** Time of its last user requests; null if no longer known. */
  readonly lastMs: number | null
  /** Whether it still serves. */
  readonly serves: boolean
}

/** A median over a number of deploys; null if there are none. */
export interface DoraMedian {
  readonly seconds: number | null
  readonly of: number
}

/** The five metrics of one service. https://dora.dev/guides/dora-metrics */
export interface Dora {
  readonly service: string
  readonly deploys: number
  /** From the commit to the build's first request, for deploys with a known commit time. */
  readonly leadTime: DoraMedian
  readonly perWeek: number
  /** Between a deploy and the next. */
  readonly between: DoraMedian
  /** From the first proof of harm to the build's last request, for failed deploys that no longer serve. */
  readonly recoveryTime: DoraMedian
  /** Failed deploys that still serve users. */
  readonly notRecovered: number
  readonly failed: number
  readonly failRate: number | null
  /** Failed deploys by their share of requests: less than half, more, or no longer known. */
  readonly caughtInCanary: number
  readonly atFullTraffic: number
  readonly shareNotKnown: number
  /** Deploys that fix another: within a day of a failed one, back to an earlier build, or named hotfix, revert or roll back. */
  readonly reworks: number
  readonly reworkRate: number | null
  /** Deploys that bundle several changes, so that the harmful one cannot be identified. */
  readonly bundled: number
}

/** The answer of `GET /api/dora`: ISO 8601, services with the most deploys first. */
export interface DoraAnswer {
  readonly since: string
  readonly until: string
  readonly services: readonly Dora[]
}

const reworkWithinMs = 24 * 3_600_000
const mending = /\b(hot-?fix|revert(s|ed)?|roll(ed)?[ -]?back)\b/i

/**
 * The five metrics by service, from the deploys and failures between two times. Services are not added up: compare each
 * with its own past.
 *
 * @example doraOf({ deploys, failures: [], sinceMs, untilMs }).services[0]?.perWeek // 4.5
 */
export function doraOf({
  deploys,
  failures,
  sinceMs,
  untilMs,
}: {
  readonly deploys: readonly DoraDeploy[]
  readonly failures: readonly DoraFailure[]
  readonly sinceMs: number
  readonly untilMs: number
}): DoraAnswer {
  const services = [...new Set(deploys.map(({ service }) => service))]
  const all = services.map((service) =>
    doraOfService(
      service,
      deploys.filter((one) => one.service === service).toSorted((a, b) => a.atMs - b.atMs),
      failures.filter((one) => one.service === service),
      { sinceMs, untilMs },
    ),
  )
  return {
    since: new Date(sinceMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    services: all
      .filter((one) => one.deploys > 0)
      .sort((a, b) => b.deploys - a.deploys || (a.service < b.service ? -1 : 1)),
  }
}

function doraOfService(
  service: string,
  known: readonly DoraDeploy[],
  failures: readonly DoraFailure[],
  { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
): Dora {
  const deploys = known.filter(({ atMs }) => atMs >= sinceMs && atMs < untilMs)
  const failureOf = (deploy: DoraDeploy): DoraFailure | undefined => failureIn(deploy, known, failures)
  const failed = deploys.flatMap((deploy) => failureOf(deploy) ?? [])
  const leads = deploys.flatMap(({ atMs, servedMs, committedMs }) =>
    committedMs > 0 ? [((servedMs ?? atMs) - committedMs) / 1000] : [],
  )
  const over = failed.flatMap(({ atMs, lastMs, serves }) =>
    lastMs === null || serves ? [] : [Math.max(0, lastMs - atMs) / 1000],
  )
  const reworks = deploys.filter((deploy) => isRework(deploy, known, failureOf)).length
  const shareOf = (wanted: (share: number | null) => boolean): number =>
    failed.filter(({ share }) => wanted(share)).length
  return {
    service,
    deploys: deploys.length,
    leadTime: medianOf(leads.filter((seconds) => seconds >= 0)),
    perWeek: deploys.length / ((untilMs - sinceMs) / (7 * 86_400_000)),
    between: medianOf(deploys.slice(1).map(({ atMs }, at) => (atMs - deploys[at]!.atMs) / 1000)),
    recoveryTime: medianOf(over),
    notRecovered: failed.filter(({ serves }) => serves).length,
    failed: failed.length,
    failRate: shareIn(failed.length, deploys.length),
    caughtInCanary: shareOf((share) => share !== null && share < 0.5),
    atFullTraffic: shareOf((share) => share !== null && share >= 0.5),
    shareNotKnown: shareOf((share) => share === null),
    reworks,
    reworkRate: shareIn(reworks, deploys.length),
    bundled: deploys.filter(({ changes }) => changes > 1).length,
  }
}

/** Harm is blamed on the last deploy of its build before it was proved. */
function failureIn(
  deploy: DoraDeploy,
  known: readonly DoraDeploy[],
  failures: readonly DoraFailure[],
): DoraFailure | undefined {
  const next = known.find(({ version, atMs }) => version === deploy.version && atMs > deploy.atMs)
  return failures.find(
    ({ version, atMs }) =>
      version === deploy.version && atMs >= deploy.atMs && (next === undefined || atMs < next.atMs),
  )
}

function isRework(
  deploy: DoraDeploy,
  known: readonly DoraDeploy[],
  failureOf: (deploy: DoraDeploy) => DoraFailure | undefined,
): boolean {
  if (mending.test(`${deploy.what} ${deploy.version}`)) return true
  const before = known.filter(({ atMs }) => atMs < deploy.atMs)
  const isBack = before.some(({ version }) => version === deploy.version) && before.at(-1)?.version !== deploy.version
  if (isBack) return true
  const failure = before.length > 0 ? failureOf(before.at(-1)!) : undefined
  return failure !== undefined && failure.atMs <= deploy.atMs && deploy.atMs - failure.atMs <= reworkWithinMs
}

const medianOf = (values: readonly number[]): DoraMedian => ({
  seconds: values.length === 0 ? null : median([...values]),
  of: values.length,
})

const shareIn = (some: number, all: number): number | null => (all === 0 ? null : some / all)
