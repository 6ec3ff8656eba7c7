// Made by "npm run declarations" from the sources of client and comparator; a test says when it is to be made again.
/** What the verdict would have been by the advisory metrics alone. */
interface Advisory {
  readonly verdict: Exclude<Outcome, 'invalid'>;
  readonly message: string;
}
/** The budget of a window, in bad requests. */
interface Allowance {
  /** Bad requests allowed within the window. */
  readonly events: number;
  /** Bad requests left; negative if the budget is overspent. */
  readonly left: number;
  readonly leftShare: number;
}
/** How a server is asked. */
interface AskOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** After so long without the whole answer it is not waited for any more, in milliseconds; as long as it takes, unless given. */
  readonly timeoutMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** POST with a body, GET without one, unless given. */
  readonly method?: "GET" | "POST";
  /** Sends the request; `fetch` unless given. */
  readonly send?: (url: string, init: RequestInit) => Promise<Response>;
}
/**
 * An assumption that spans cannot confirm: that instances are alike (`instances-alike`: no span names its instance, so
 * one slow process looks like its cohort), or that users are (`users-alike`: no span names its user, so one user whose requests all fail
 * looks like many).
 */
type Assumption = 'instances-alike' | 'users-alike';
/** What counts as a bad request for the failed metric. */
type Bad = 'slow' | 'failed' | 'client-error';
/** Requests, and how many of them were bad. */
interface BadCount {
  readonly n: number;
  readonly bad: number;
}
/** Requests in a time range, and how many of them failed or were too slow. */
interface BadCounts {
  readonly requests: number;
  readonly bad: number;
}
/** The earlier days that served as stable, if no stable ran beside the canary. */
interface BeforeAfter {
  /** Dates such as `2026-11-20`, newest first. */
  readonly days: readonly string[];
  /** Requested days that were left out, and why. */
  readonly leftOut: readonly {
    readonly date: string;
    readonly why: string;
  }[];
}
/** A number with its 95 % bounds, valid for any number of looks. */
interface Bounded {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}
/** When the builds were first seen, at most a day before the window, and how many requests name no build. */
interface BuildFacts {
  readonly stableFirstMs: number;
  readonly canaryFirstMs: number;
  /** Requests of the service in the window that name no build. */
  readonly unmarkedRequests: number;
}
/** A count for each cohort. */
interface ByArm {
  readonly stable: number;
  readonly canary: number;
}
/** What causes a regression: the canary whatever the flag, the flag whatever the cohort, each on its own, or only both together. */
type Carries = 'canary' | 'flag' | 'both' | 'combination' | 'not-settled' | 'not-separable';
/** One cohort's requests with one variant, over the whole window. */
interface Cell {
  readonly cohort: 'stable' | 'canary';
  readonly variant: string;
  /** Number of values. */
  readonly count: number;
  /** For rates: how many of them had the event. */
  readonly events: number | null;
  /** In the finding's unit, from the ticks in which all four cells can be compared; null if there are none. */
  readonly value: number | null;
}
/** How much worse, with bounds: a ratio of typical values, or a difference of shares. */
interface CellEffect {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
}
/** What each adds to stable with the less harmful variant. */
interface CellEffects {
  readonly kind: 'ratio' | 'difference';
  /** Error level of each bound. */
  readonly level: number;
  /** The variant that is worse in the canary; `flag` and `together` refer to it. */
  readonly variant: string;
  readonly canary: CellEffect;
  readonly flag: CellEffect;
  /** The effect of both beyond what each does alone. */
  readonly together: CellEffect;
}
/** A Coalmine server. Every function throws a CoalmineError if there is no answer. */
interface Client {
  /** Judges once, from the spans that are there. */
  readonly compare: (body: ComparisonBody, options?: Signalled) => Promise<Verdict>;
  /** Starts a comparison, or joins the one that runs; `url` is its page. */
  readonly start: (body: StartBody, options?: Signalled) => Promise<ComparisonAnswer>;
  /** The events of a comparison until it is over: of one by its id, or of one that is started, or joined, for it. */
  readonly watch: (what: string | StartBody, options?: WatchOptions) => AsyncGenerator<ComparisonEvent, void>;
  /** What the newest comparison of these cohorts has come to. */
  readonly verdict: (query: VerdictQuery, options?: VerdictOptions) => Promise<VerdictAnswer>;
  /** A comparison and its last verdict; null before the first look. */
  readonly get: (id: string, options?: Signalled) => Promise<JudgedComparison>;
  /** All that run, and those of the last 90 days, the newest first. */
  readonly list: (options?: Signalled) => Promise<readonly ComparisonAnswer[]>;
  /** Ends a comparison. */
  readonly stop: (id: string, options?: Signalled) => Promise<ComparisonAnswer>;
}
/** Which server to ask, and how long to wait for it. */
interface ClientOptions extends ServerAddress {
  /** How long an answer may take, in milliseconds; 30 s unless given, and 5 min for `compare`. */
  readonly timeoutMs?: number;
  /** How long the server may be away while a comparison is watched, in milliseconds; 2 min unless given. */
  readonly patienceMs?: number;
}
/** Median delay between the start of a call and of its request in one tick, in milliseconds; null if there are no spans of callers. */
interface ClockTick {
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly stableMs: number | null;
  readonly canaryMs: number | null;
}
/** Why there is no answer. `message` is `what` and `advice` in one sentence. */
export declare class CoalmineError extends Error {
  readonly kind: CoalmineErrorKind;
  /** What went wrong. */
  readonly what: string;
  /** The request, such as `POST http://127.0.0.1:4318/api/compare`. */
  readonly where: string;
  /** What to do about it; empty where `what` says so. */
  readonly advice: string;
  /** The HTTP status of the answer; undefined where there was none. */
  readonly status: number | undefined;
  constructor(kind: CoalmineErrorKind, told: {
    readonly what: string;
    readonly where: string;
    readonly advice?: string;
    readonly status?: number;
  }, options?: ErrorOptions);
}
/** Why there is no answer: trouble of a kind that a server tells, or `interrupted` by the caller's signal. */
type CoalmineErrorKind = Trouble | "interrupted";
/** Facts about one cohort besides its slices. */
interface CohortFacts {
  /** The selector as it was given, such as `service.version=2.0.0`. */
  readonly selector: string;
  readonly requests: number;
  /** Estimated number of requests served, if the trace states show that spans were sampled. */
  readonly adjustedRequests?: number;
  /** Values judged: one per trace and operation. */
  readonly traces: number;
  readonly instances: number;
  /** Requests of test traffic, left out. */
  readonly testRequests: number;
  /** Requests of the cohort that evaluated a flag to a variant, by operation. */
  readonly flags: readonly FlagShare[];
  /** How many flags were left out of `flags`: the ones with the fewest requests. */
  readonly flagsLeftOut?: number;
}
/** What is compared: the requests that a service answers, or the calls it makes to databases and other services. */
type ComparedScope = (typeof comparedScopes)[number];
/** The answer about a comparison: its state, and the address of its page. */
interface ComparisonAnswer extends ComparisonState {
  readonly url: string;
}
/**
 * A request for a comparison: the body of the server's `POST /api/compare`, and the input to other sources of
 * slices. Defaults: `traffic` is users, `audience` is everyone, `scope` is requests, the window starts at the
 * canary's first span and ends now, and the policy is the default policy.
 */
interface ComparisonBody {
  readonly service: string;
  /** Selectors, such as `service.version=2.0.0`. */
  readonly stable: string;
  readonly canary: string;
  /** `users`, `test` or `all`. */
  readonly traffic?: string;
  readonly audience?: readonly string[];
  /** `requests`, or `downstream`: the calls that the service makes. */
  readonly scope?: string;
  /** Flags whose part in the finding with the most evidence is reported, whatever the verdict. */
  readonly interact?: readonly string[];
  /** Compare with the same hours of earlier days, going back this far. */
  readonly stableWindowMs?: number;
  /** A sliding window, or start and end in ISO 8601. */
  readonly window?: {
    readonly sinceMs?: number;
    readonly start?: string;
    readonly end?: string;
  };
  readonly policy?: PolicyInput;
  /** Objectives whose error budgets are reported with the verdict. Default: those that the server has for this service. */
  readonly slo?: readonly SloInput[];
  /** Planned shares of the canary, such as `1%:30m,10%:1h,100%`. */
  readonly ramp?: string;
}
/** An event of a running comparison. */
type ComparisonEvent = StartedEvent | LookEvent | OutcomeEvent | EndedEvent;
/** The events of a comparison as JSON; the last one of all is `ended`. */
interface ComparisonEvents {
  readonly events: readonly ComparisonEvent[];
}
/** The answer of `GET /api/comparisons`, newest first. */
interface ComparisonList {
  readonly comparisons: readonly ComparisonAnswer[];
}
/** A running or ended comparison, in the form of the API. Times are ISO 8601. */
interface ComparisonState {
  readonly id: string;
  readonly service: string;
  readonly stable: string;
  readonly canary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
  readonly state: 'running' | 'ended';
  readonly startedAt: string;
  /** The name of the token that started it; null if the server's tokens have no names, or it has none. */
  readonly startedBy: string | null;
  readonly endedAt: string | null;
  /** The name of the token that stopped it; null if nobody did. */
  readonly stoppedBy: string | null;
  readonly why: EndReason | null;
  /** The outcome of its last look; null before the first look. */
  readonly outcome: Outcome | null;
  readonly judgedAt: string | null;
  /** The first reason of the last look, or what prevents a look. */
  readonly reason: string | null;
  /** Its progress; null until there is something to judge. */
  readonly progress: Progress | null;
}
/** How much of stable's traffic the canary has seen too. */
interface Coverage {
  /** Minutes of the window in which the canary served, out of `windowMinutes`. */
  readonly minutes: number;
  readonly windowMinutes: number;
  /** How many of the 60 minutes of an hour these cover: something that happens at five past every hour is seen only then. */
  readonly minutesOfHour: number;
  /** Share of stable's requests whose operation the canary served too. */
  readonly operationsShare: number;
  /** The operations that the canary never served, with their share of stable's requests, largest first. */
  readonly unserved: readonly {
    readonly operation: string;
    readonly share: number;
  }[];
}
/** The decision on one finding: proved worse than the margin, proved within it, or neither. */
type Decision = 'fail' | 'pass' | 'inconclusive';
/** What stable did on one earlier day, at the same time of day as the canary. */
interface EarlierDay {
  /** Such as `2026-11-20`. */
  readonly date: string;
  /** Totals of the day, by operation and metric. */
  readonly sums: Sums;
  /** Requests by operation and tick, with the ticks shifted to the canary's day. */
  readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>>;
}
/** Why a comparison ended. */
type EndReason = 'settled' | 'time' | 'idle' | 'stopped' | 'refused';
/** The comparison ended; this is the last event. */
interface EndedEvent extends Numbered, Look {
  readonly event: 'ended';
  readonly why: EndReason;
}
/**
 * An error type of the canary (`error.type`, `exception.type`, or else the status code), or a code
 * of client errors.
 */
interface ErrorType {
  readonly type: string;
  /** Traces that had it. */
  readonly stable: number;
  readonly canary: number;
  /** The canary's operations that have it, those with the most first. */
  readonly operations: readonly string[];
  /** Whether stable has none. */
  readonly new: boolean;
  /** Whether the canary has more of it than the errors margin allows, at the policy's alpha over all types together. */
  readonly more: boolean;
  /** Logarithm of the e-value for that increase. */
  readonly logE: number;
}
/** One error type at one operation in one tick: how many traces of each cohort had it. */
interface ErrorTypeTick {
  readonly type: string;
  readonly operation: string;
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly stable: Rate;
  readonly canary: Rate;
}
/**
 * In sequential mode, the natural logarithm of an e-value and the threshold it must reach; in fixed mode, a
 * p-value and the threshold it must not exceed, null if there is no evidence.
 */
type Evidence = {
  readonly kind: 'e-value';
  readonly logE: number;
  readonly needed: number;
} | {
  readonly kind: 'p-value';
  readonly p: number | null;
  readonly needed: number;
};
/** One trace to look at. */
interface Exemplar {
  readonly traceId: string;
  /** ISO 8601, UTC. */
  readonly start: string;
  readonly seconds: number;
}
/** Three traces of each cohort: bad ones of the canary, and typical ones of stable. */
interface Exemplars {
  readonly metric: string;
  readonly operation: string | null;
  readonly stable: readonly Exemplar[];
  readonly canary: readonly Exemplar[];
}
/** The claim about a metric. `worse-by-at-most` is a deliberate trade-off: its margin must be given. */
type Expect = 'no-worse' | 'better' | 'same' | 'worse-by-at-most';
/** An attribute that explains part of what is worse in the canary. */
interface Explanation {
  readonly attribute: string;
  /** Other attributes of the same requests. */
  readonly alike: readonly string[];
  /** The share (0 to 1) of the bad requests beyond stable's that is due to requests with it being worse than the others. */
  readonly explained: number;
  readonly canary: {
    readonly with: BadCount;
    readonly without: BadCount;
  };
  readonly stable: {
    readonly with: BadCount;
    readonly without: BadCount;
  };
  /** Evidence that bad requests are likelier with it than without, more so in the canary than in stable. */
  readonly logE: number;
  readonly message: string;
}
/** Input to the comparator besides the slices: the cohorts, the window, and what was left out. */
interface Facts {
  readonly service: string;
  readonly window: Window;
  readonly stable: CohortFacts;
  readonly canary: CohortFacts;
  readonly traffic: Traffic;
  /** The audiences whose requests were judged, such as `beta`; empty for all audiences. */
  readonly audience: readonly string[];
  readonly scope: ComparedScope;
  /** Traces that matched both selectors; they are in neither cohort. */
  readonly overlap: number;
  /** Requests that saw two variants of a flag; they are in neither cohort. */
  readonly mixedRequests: number;
  /** Spans that arrived after their tick had closed. */
  readonly lateSpans: number;
  /** Late traces by cohort, for the ticks that had the most of them. */
  readonly late?: readonly LateTick[];
  /** Where the slices come from: closed ticks, raw spans, or span metrics without the spans. */
  readonly source: 'ticks' | 'spans' | 'metrics';
  /** This user may read no closed ticks, so every answer comes from raw spans. */
  readonly spansOnly?: boolean;
  /** Each instance serves hardly more than one request, so they are not processes, and are counted as unknown. */
  readonly shortLivedInstances?: boolean;
  /** Errors by type, for the ticks that had any. */
  readonly errorTypes?: readonly ErrorTypeTick[];
  /** Client errors by code, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, for the ticks that had any. */
  readonly clientCodes?: readonly ErrorTypeTick[];
  /** The spans below the first requests, tick by tick. */
  readonly structure?: readonly SpanTick[] | undefined;
  /** For custom metrics read from raw spans: how many requests had a value. */
  readonly values?: readonly ValueFacts[];
  /** Data for the fairness checks; absent where there is no store to query. */
  readonly fairness?: FairnessFacts;
  /** Present if span metrics were read instead of spans. */
  readonly spanMetrics?: SpanMetricsFacts;
  /** If stable is earlier days: which days, and what each of them showed. The slices then come from `slicesAgainst`. */
  readonly beforeAfter?: BeforeAfter;
  readonly earlier?: readonly EarlierDay[];
  /** If no requests were found: what the store has seen, for the error message. */
  readonly known?: {
    readonly services: readonly string[];
    readonly values: readonly string[];
    /** Stored spans of the service whose ticks have not closed yet; `unattended` if no server is running to close them. */
    readonly open: {
      readonly spans: number;
      readonly unattended?: boolean;
    };
  } | undefined;
  /** In fixed mode: the number of this look at the comparison, counting only looks with new data. Default 1. */
  readonly look?: number | undefined;
  readonly version: string;
}
/** Data from the store for the fairness checks. */
interface FairnessFacts {
  /** Latency values of each cohort that were left out because their instance was warming up. */
  readonly warmUp: {
    readonly stable: number;
    readonly canary: number;
  };
  /** Null if the closed ticks name no instance. */
  readonly instances: readonly InstanceFacts[] | null;
  /** What each instance did; empty if instances cannot be told apart, or are too few to compare. */
  readonly cells: readonly InstanceCell[];
  /**
   * What each instance did in each tick, to check a FAIL; queried only if there would be one. Null or absent if
   * instances cannot be told apart, or were not queried.
   */
  readonly instanceTicks?: readonly InstanceTick[] | null;
  /** For findings that would FAIL, if spans name users: the heaviest users, without whom the findings must still FAIL. */
  readonly heaviestUsers?: readonly HeaviestUsers[];
  /** Null if the cohorts are not selected by build. */
  readonly builds: BuildFacts | null;
  /** How far ahead of the store's clock the last span starts, in milliseconds; negative for a span in the past. */
  readonly aheadMs: number;
  /**
   * Calls from other services to addresses that belong to one cohort only, tick by tick, and how many went unanswered;
   * empty if there are no spans of the callers, or if the cohorts share their addresses.
   */
  readonly calls: readonly RateBlock[];
  /** Null if no tick was suitable for sampling. */
  readonly sample: {
    readonly stable: SampleFacts;
    readonly canary: SampleFacts;
    /** Traces that reached both cohorts, and in how many of them a canary request failed. */
    readonly metBoth?: {
      readonly traces: number;
      readonly failed: number;
      readonly retried?: number;
    };
    /** Clock skew in ticks across the whole window, in order; absent if only the end of the window was sampled. */
    readonly clocks?: readonly ClockTick[];
  } | null;
}
/** One metric in one scope: what was measured, what was decided, and the evidence for it. */
interface Finding {
  /** Its name in the policy. */
  readonly metric: string;
  readonly scope: 'service' | 'operation';
  /** The operation; `(other)` for all small operations together, null for the whole service. */
  readonly operation: string | null;
  /** Whether PASS needs it; a finding that is not required can only FAIL. */
  readonly required: boolean;
  readonly decision: Decision;
  /** Advisory findings are reported but do not affect the verdict. */
  readonly gate: Exclude<Gate, 'off'>;
  /** The claim being tested: FAIL disproves it, PASS proves it. */
  readonly expect: Expect;
  readonly statistic: Statistic;
  /** Unit of the values: seconds, a share between 0 and 1, or a number in the attribute's own unit. */
  readonly unit: 'seconds' | 'share' | 'number';
  readonly stable: FindingSide;
  readonly canary: FindingSide;
  /** The part that the effect describes: the one that carried a FAIL, otherwise the typical request. */
  readonly part: Part;
  /** Set if some values were zero: the values here are those above zero, and the share of zeros was judged separately. */
  readonly zerosApart?: true;
  /** `ratio`: canary / stable; `odds-ratio`: ratio of the odds; `difference`: canary - stable, as a share. */
  readonly effect: {
    readonly kind: 'ratio' | 'odds-ratio' | 'difference';
    readonly value: number | null;
  };
  /**
   * Confidence sequence of the effect; null is unbounded. `level` is its error on each side. `changed`: no single effect
   * fits the whole window and every operation in it; `lower` then held only part of the time.
   */
  readonly interval: {
    readonly lower: number | null;
    readonly upper: number | null;
    readonly level: number;
    readonly changed: boolean;
  };
  /** The part of the window in which a FAIL was proved, if the values of the whole window do not show it; otherwise absent. */
  readonly provedWithin?: ProvedWithin;
  /** The margin as people write it, such as `10%,2ms`. */
  readonly margin: string;
  readonly evidence: {
    /** Evidence that the canary is worse than the margin. */
    readonly worse: Evidence;
    /** Evidence that it is within the margin: every part must reach its threshold. */
    readonly within: readonly PartEvidence[];
  };
  /** When the decision was reached: seconds of canary traffic since the window's start. */
  readonly decidedAfterSeconds: number | null;
  /** Flags whose variants differ between the cohorts at this operation. */
  readonly flags: readonly FlagDifference[];
  readonly message: string;
}
/** One cohort's side of a finding. `value` is in the finding's `unit`. */
interface FindingSide {
  readonly count: number;
  /** Requests with the event, for rates. */
  readonly events: number | null;
  readonly value: number | null;
}
/** A flag whose main variant differs between the cohorts; null for a cohort that never evaluated it. */
interface FlagDifference {
  readonly flag: string;
  /** The most frequent variant, and its share of the requests that evaluated the flag. */
  readonly stable: VariantShare | null;
  readonly canary: VariantShare | null;
}
/** The number of a cohort's requests at one operation that evaluated a flag to a variant. */
interface FlagShare {
  readonly operation: string;
  readonly flag: string;
  readonly variant: string;
  readonly requests: number;
}
/** How a comparison is followed. Times are milliseconds. */
interface FollowOptions {
  /** The number of the last event that is known; all of them come unless given. */
  readonly after?: number;
  readonly signal?: AbortSignal | undefined;
  /** How long a server may be away before it is given up; 2 min unless given. */
  readonly patienceMs?: number | undefined;
  /** How long an answer may take that is no stream; 30 s unless given. */
  readonly timeoutMs?: number | undefined;
  /** How long the first byte of a stream may take before events are asked for one answer at a time; 10 s unless given. */
  readonly firstMs?: number | undefined;
  /** How long a stream may be silent before it is taken for dead; 60 s unless given. */
  readonly silenceMs?: number | undefined;
}
/** Whether a metric decides: `advisory` metrics are judged and reported but change no verdict; `off` metrics are not judged. */
type Gate = 'on' | 'advisory' | 'off';
/** A gate as written in a policy. */
type GateInput = boolean | Gate;
/** The users with the most bad requests in the canary, for a finding that would FAIL, and what they did. */
interface HeaviestUsers {
  readonly metric: string;
  /** The operation of the finding, null for the whole service. */
  readonly operation: string | null;
  /** The number of users. */
  readonly users: number;
  readonly ticks: readonly UserTick[];
}
/**
 * Counts in OpenTelemetry's exponential buckets: bucket `i` holds `(2^(i/2^scale), 2^((i+1)/2^scale)]`. Values that are
 * zero or less count in `zero`. The caller chooses the unit of the values.
 */
interface Histogram {
  readonly scale: number;
  readonly zero: number;
  /** Ascending, without duplicates. */
  readonly indices: readonly number[];
  /** The number of values in the bucket of each index. */
  readonly counts: readonly number[];
}
/** What the instances of each cohort reveal about their hosts. */
interface Hosts {
  /** How many instances were examined: those that served most. */
  readonly stable: number;
  readonly canary: number;
  /** Standard deviation between stable's instances, on the log scale: 0.05 is 5 %. Null if unknown. */
  readonly variation: {
    readonly latency: number | null;
    readonly errors: number | null;
  };
  /** The ratio (of odds, for errors) that the canary's hosts alone exceed one time in forty: FAIL needs more than that. */
  readonly allowed: {
    readonly latency: number | null;
    readonly errors: number | null;
  };
  /** Stable instances that would fail against the others; null if there are too few to tell. */
  readonly placebo: readonly OutOfLine[] | null;
  /** Canary instances that are worse than the canary's others. */
  readonly outOfLine: readonly OutOfLine[];
}
/** The answer to one expectation in the policy. */
interface Hypothesis {
  readonly metric: string;
  readonly expect: Expect;
  /** The author's reason for the expectation. */
  readonly reason: string | null;
  readonly answer: 'confirmed' | 'refuted' | 'open';
  readonly message: string;
}
/** What one instance did at one operation in one block of the window. */
interface InstanceCell {
  readonly cohort: 'stable' | 'canary';
  readonly instance: string;
  readonly operation: string;
  /** Start of the block, in milliseconds since 1970. */
  readonly tick: number;
  readonly traces: number;
  readonly errors: number;
  /** In seconds. */
  readonly latency: Histogram;
}
/** One process that served a cohort. Times are milliseconds since 1970. */
interface InstanceFacts {
  readonly instance: string;
  /** `both` if the cohorts share their instances, as the variants of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both';
  readonly firstMs: number;
  readonly lastMs: number;
  /** Whether `firstMs` is known to be its first request: it appeared after the service's record began. */
  readonly born: boolean;
}
/** What one instance did in one tick at one operation, or at all remaining operations together, `(other)`. */
interface InstanceTick {
  readonly cohort: 'stable' | 'canary';
  readonly instance: string;
  readonly operation: string;
  /** Start of the tick, in milliseconds since 1970. */
  readonly tick: number;
  readonly traces: number;
  readonly errors: number;
  readonly clientErrors: number;
  readonly innerErrors: number;
  /** In seconds; empty while the instance was warming up. Buckets may be wider than those of the slices. */
  readonly latency: Histogram;
}
/** Whether a finding is caused by the canary, by a flag, or only by the two together. */
interface Interaction {
  readonly flag: string;
  readonly variants: readonly [string, string];
  /** The finding that is explained. */
  readonly metric: string;
  readonly operation: string | null;
  readonly carries: Carries;
  /** Stable with the first and the second variant, then the canary; empty if each cohort has its own variant. */
  readonly cells: readonly Cell[];
  readonly unit: Finding['unit'];
  readonly statistic: Finding['statistic'];
  /** Null if the cells cannot be compared. */
  readonly effects: CellEffects | null;
  readonly message: string;
}
/** The answer of `GET /api/comparisons/ID`, with its last verdict; null before there is one. */
interface JudgedComparison extends ComparisonAnswer {
  readonly verdict: Verdict | null;
}
/** Kayenta's result for one metric, with the numbers behind it, which Kayenta itself does not report. */
interface KayentaClassification {
  readonly label: KayentaLabel;
  /** Whether it fails the canary whatever the score is. */
  readonly critical: boolean;
  /** The canary's mean divided by stable's; null if either is zero. */
  readonly deviation: number | null;
  /** The effect that the metric's thresholds refer to; null if it cannot be computed, and the thresholds are ignored. */
  readonly effect: number | null;
  /** Null if no test was made: no data, or identical data. */
  readonly shift: LocationShift | null;
  readonly points: {
    readonly stable: number;
    readonly canary: number;
  };
  readonly reason: string;
}
/** The parts of a canary config that Kayenta's judge needs. */
interface KayentaConfig {
  readonly metrics: readonly KayentaMetric[];
  readonly groupWeights: Readonly<Record<string, number>>;
  /** Scores from which a canary passes, or is marginal. */
  readonly thresholds: {
    readonly pass: number;
    readonly marginal: number;
  };
}
/** One metric as Kayenta classifies it, with its groups. */
interface KayentaFinding extends Omit<KayentaClassification, 'critical'> {
  readonly name: string;
  readonly groups: readonly string[];
  readonly muted: boolean;
  /** Whether it fails the canary by itself. */
  readonly critical: boolean;
}
/** A group of metrics and its part of the score. */
interface KayentaGroup {
  readonly name: string;
  /** Share of its metrics that pass, in per cent; null if none has data, which counts as 100. */
  readonly score: number | null;
  readonly weight: number;
}
/** Kayenta's own words for a metric: canary like stable, above it, below it, or one arm without data. */
type KayentaLabel = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric';
/** One metric of a canary config: Kayenta's settings for it, defaults filled in. */
interface KayentaMetric {
  readonly name: string;
  readonly groups: readonly string[];
  /** The Coalmine series it is judged on, as named in the config: `query.coalmine`, else the metric's name. */
  readonly source: string;
  /** The operation of the series: `query.operation`; null for the whole service. */
  readonly operation: string | null;
  readonly direction: 'increase' | 'decrease' | 'either';
  readonly nanStrategy: 'remove' | 'replace';
  readonly critical: boolean;
  readonly mustHaveData: boolean;
  readonly muted: boolean;
  /** Points beyond `factor` interquartile ranges are left out; null keeps them. */
  readonly outliers: {
    readonly factor: number;
  } | null;
  readonly effectSize: {
    readonly measure: 'meanRatio' | 'cles';
    readonly allowedIncrease: number;
    readonly allowedDecrease: number;
    readonly criticalIncrease: number;
    readonly criticalDecrease: number;
  };
}
/** The result of Kayenta's NetflixACAJudge on these series, and why. */
interface KayentaResult extends KayentaScore {
  readonly metrics: readonly KayentaFinding[];
  readonly thresholds: KayentaConfig['thresholds'];
}
/** The score of a canary, from 0 to 100, and how it was computed. */
interface KayentaScore {
  /** From 0 to 100. */
  readonly score: number;
  readonly classification: 'Pass' | 'Marginal' | 'Fail';
  readonly groups: readonly KayentaGroup[];
  /** Why the score is zero whatever the groups say; null otherwise. */
  readonly reason: string | null;
}
/** How long a budget lasts, in seconds; null if longer than a year. */
interface Lasts {
  readonly seconds: number | null;
  /** At the lower and upper bound of the confidence sequence of the canary's bad share. */
  readonly atBest: number | null;
  readonly atWorst: number | null;
}
/** Traces of one cohort in one tick: all, the late ones, and how many of the late ones failed. */
interface LateCounts {
  readonly traces: number;
  readonly late: number;
  readonly errors: number;
}
/** Traces that arrived after their tick had closed, by cohort. */
interface LateTick {
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly stable: LateCounts;
  readonly canary: LateCounts;
}
/** How much slower is acceptable: by `ratio` (0.1 is 10 %) or by `seconds`, whichever is larger. */
interface LatencyMargin {
  readonly ratio: number;
  readonly seconds: number;
}
/** By how much the canary's values lie above stable's, in their unit: a confidence interval and the Hodges-Lehmann estimate. */
interface LocationShift {
  readonly lower: number;
  readonly upper: number;
  readonly estimate: number;
}
/** The result of one look, without the verdict. */
type Look = Pick<ComparisonState, 'outcome' | 'reason' | 'progress'>;
/** A look with an unchanged outcome. */
interface LookEvent extends Numbered, Look {
  readonly event: 'look';
}
/** How much worse is acceptable, in the form that fits the metric. */
type Margin = LatencyMargin | RateMargin | RatioMargin;
/** What a metric measures. */
type Measure = {
  readonly kind: 'latency';
} | {
  readonly kind: 'errors';
} |
/** Responses that blame the client: HTTP 4xx, and the gRPC codes that are not the server's fault. */
{
  readonly kind: 'client-errors';
} |
/** Errors below a request, or exceptions in it, that its response does not show. */
{
  readonly kind: 'inner-errors';
} | {
  readonly kind: 'lost-requests';
} | {
  readonly kind: 'throughput';
} |
/** A numeric span attribute (cost, bytes, tokens): one value per trace and operation. */
{
  readonly kind: 'attribute';
  readonly key: string;
  readonly reduce: 'sum' | 'max';
} |
/** Spans of the trace in this service, below its entry span, that match a selector: queries, retries, fan-out. */
{
  readonly kind: 'calls';
  readonly of: string;
} |
/** Requests with a span that matches a selector. */
{
  readonly kind: 'share';
  readonly of: string;
};
/** A metric as written under `metrics:`; every key is optional. */
interface MetricInput {
  readonly attribute?: string | undefined;
  readonly reduce?: 'sum' | 'max' | undefined;
  readonly calls?: string | undefined;
  readonly share?: string | undefined;
  readonly expect?: Expect | undefined;
  readonly worse?: 'higher' | 'lower' | undefined;
  readonly margin?: string | undefined;
  readonly gate?: GateInput | undefined;
  readonly weight?: number | undefined;
  readonly critical?: boolean | undefined;
  readonly reason?: string | undefined;
}
/** How one metric is judged. */
interface MetricPolicy {
  /** `latency`, `errors`, `client-errors`, `inner-errors`, `lost-requests`, `throughput`, or a custom name. */
  readonly name: string;
  readonly measure: Measure;
  readonly expect: Expect;
  /** The harmful direction. */
  readonly worse: 'higher' | 'lower';
  /** Its form depends on the measure: see `marginFormOf`. */
  readonly margin: Margin;
  readonly gate: Gate;
  /** Its weight in the split of alpha among metrics: only proportions count. */
  readonly weight: number;
  /** Critical metrics get four times the share of alpha, and their FAIL is named first. */
  readonly critical: boolean;
  /** The author's reason. */
  readonly reason: string | null;
  /** Whether `expect` or `reason` was given: the verdict then answers it. */
  readonly hypothesis: boolean;
}
/** What keeps a finding from PASS. `requests` is null if the effect is so near the margin that PASS is not in sight, or if there are too few. */
interface Missing {
  readonly metric: string;
  readonly operation: string | null;
  readonly part: Part;
  readonly canaryRequests: number | null;
  readonly seconds: number | null;
  /** Null if there are enough requests to tell whether the evidence grows. */
  readonly tooFew: TooFew | null;
}
/** How often you may look: as often as you like (`sequential`), or once, at the end of the window (`fixed`). */
type Mode = 'sequential' | 'fixed';
/** Common fields of all events of a comparison. */
interface Numbered {
  /** Increasing number among the events of the comparison; there may be gaps. */
  readonly id: number;
  /** When it happened, ISO 8601. */
  readonly at: string;
}
/** An instance that is worse than the rest of its cohort, beyond the margin. Latency in seconds, errors as a share. */
interface OutOfLine {
  readonly instance: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly others: number | null;
  readonly own: number | null;
}
/** The outcome of a comparison. */
type Outcome = 'pass' | 'fail' | 'inconclusive' | 'invalid';
/** A look that changed the outcome; `before` is null at the first look. */
interface OutcomeEvent extends Numbered, Look {
  readonly event: 'outcome';
  readonly before: Outcome | null;
}
/**
 * Which of the tests carried a decision: the location of the whole distribution, or its worst tenth, twentieth or hundredth;
 * for a number that is often zero, the share of values above zero.
 */
type Part = 'typical' | `${'slowest' | 'highest' | 'lowest'} ${10 | 5 | 1} %` | 'above zero' | 'rate' | 'share';
/** The evidence from one of the tests that PASS needs. */
type PartEvidence = Evidence & {
  readonly part: Part;
};
/** What is judged and how strictly. */
interface Policy {
  /** Chance that a canary no worse than the margin FAILs, over all findings and any number of looks. */
  readonly alpha: number;
  /** Chance that a canary worse than the margin PASSes, per finding. */
  readonly alphaPass: number;
  /** The canary's declared share of the traffic, between 0 and 1; lost requests are judged against it. */
  readonly split: number | null;
  /** Operations with at least this share of stable's traffic are judged individually, smaller ones together. */
  readonly minimumShare: number;
  /** Seconds after an instance's start that are left out of latency, never of errors. */
  readonly warmUp: number;
  /** Whether users were assigned at random for a flag decided by a rule, for example by a percentage inside the rule. */
  readonly randomised: boolean;
  /** How often you may look. */
  readonly mode: Mode;
  /** Every metric that was named, and those that are on by default. Names are unique. */
  readonly metrics: readonly MetricPolicy[];
}
/** A policy as written in `coalmine.yaml` or in a request; every key is optional. */
interface PolicyInput {
  readonly alpha?: number | undefined;
  readonly alphaPass?: number | undefined;
  readonly split?: string | number | undefined;
  readonly minimumShare?: string | number | undefined;
  readonly warmUp?: string | number | undefined;
  readonly mode?: Mode | undefined;
  readonly randomised?: boolean | undefined;
  readonly metrics?: Readonly<Record<string, MetricInput | GateInput>> | undefined;
}
/** How far a comparison has come. */
interface Progress {
  /** Seconds of canary traffic judged. */
  readonly seconds: number;
  readonly canaryRequests: number;
  /** Evidence reached of what the nearest FAIL needs, in whole per cent. */
  readonly harmPercent: number;
  /** Evidence reached of what PASS needs, averaged over its parts, in whole per cent. */
  readonly safetyPercent: number;
}
/** The part of the window in which a FAIL was proved, and the values measured there in the finding's unit; null if unknown. */
interface ProvedWithin {
  /** ISO 8601, UTC. */
  readonly start: string;
  readonly end: string;
  readonly stable: number | null;
  readonly canary: number | null;
  /** The canary instance that accounts for most of it; null if none does, or if instances are unknown. */
  readonly instance: string | null;
}
/** What a FAIL proves to be worse: the build, or only one instance of it, whose host may be the reason. */
type Proves = 'build' | 'instance';
/** The number of units of an arm, and how many of them had the event. */
interface Rate {
  readonly n: number;
  readonly events: number;
}
/** The requests of both arms in one block, and how many of them had the event. */
type RateBlock = TimedBlock<Rate>;
/** How many more events are acceptable: an odds ratio, or a `difference` in probability, whichever is larger. */
interface RateMargin {
  readonly oddsRatio: number;
  readonly difference: number;
}
/** How much higher a number (cost, bytes, calls), or how much lower a count (requests), may acceptably be: 0.05 is 5 %. */
interface RatioMargin {
  readonly ratio: number;
}
/** `decides`: explains the verdict; `blocks`: prevents a PASS; `note`: for information. */
interface Reason {
  readonly code: ReasonCode;
  readonly weight: 'decides' | 'blocks' | 'note';
  readonly message: string;
}
/** Identifies a reason; its sentence may change, its code does not. */
type ReasonCode = 'worse-than-margin' | 'not-as-expected' | 'within-margin' | 'not-enough-evidence' | 'nothing-decides' | 'no-data' | 'same-cohort' | 'never-concurrent' | 'split-missed' | 'overlapping-cohorts' | 'unmatched-operations' | 'unnamed-operations' | 'canary-quiet' | 'swapped' | 'unmarked-requests' | 'sampling-differs' | 'tail-sampled' | 'instrumentation-differs' | 'not-randomised' | 'instances-restart' | 'one-instance' | 'mix-differs' | 'clock-skew' | 'warm-up-left-out' | 'mixed-variants' | 'late-spans' | 'late-requests' | 'retried' | 'answers-differ' | 'durations-missing' | 'host-not-separable' | 'young-instances' | 'both-slowed-down' | 'assumes-independence' | 'few-users' | 'uneven-instances' | 'unequal-load' | 'one-look' | 'peeked' | 'before-after' | 'too-few-days' | 'raw-spans' | 'span-metrics' | 'not-measured' | 'coarse-buckets' | 'buckets-differ' | 'first-scrapes-left-out' | 'scrapes-missed' | 'new-error-type' | 'structure-differs' | 'inner-errors' | 'sampled' | 'values-missing' | 'throughput-not-known' | 'negative-values' | 'test-traffic-left-out' | 'flags-differ' | 'flags-left-out' | 'interactions-not-known' | 'why-not-known';
/** An operation that is worse than the margin in one metric, among all that were examined. */
interface Regressed {
  readonly metric: string;
  readonly operation: string;
  /** Natural logarithm of its e-value. */
  readonly logE: number;
}
/** When a running comparison ends, in milliseconds. */
interface RunLimits {
  /** How long canary traffic is judged. */
  readonly forMs: number;
  /** How long to wait for the first spans of both cohorts. */
  readonly waitMs: number;
  /** How long the canary may serve nothing. */
  readonly idleMs: number;
  /** Whether a PASS ends it too, like a FAIL. */
  readonly earlyPass: boolean;
}
/** What a few ticks of raw spans show about one cohort. */
interface SampleFacts {
  readonly requests: number;
  /** Spans of the service below the requests. */
  readonly children: number;
  /** The instrumentation scope that created most of the requests' spans. */
  readonly scope: string;
  /** How the requests were sampled, from the probability in their trace state. */
  readonly sampling: readonly SamplingShare[];
  /** Requests for which targeting decided a flag of the comparison. */
  readonly targeted: number;
  /** Requests that name a user; absent if that was not checked. */
  readonly named?: number;
  /** Requests answered with a redirect, HTTP 3xx but 304; absent if that was not checked. */
  readonly redirects?: number;
  /** Requests that end when they start, or before; absent if that was not checked. */
  readonly timeless?: number;
  /** For requests whose caller's span is known: the median delay between the start of the call and of the request. */
  readonly skewMs: number | null;
}
/** Requests kept with one sampling probability, and how many failed; null if the trace state gives no probability. */
interface SamplingShare {
  readonly probability: number | null;
  readonly requests: number;
  readonly errors: number;
}
/** A running server and what it asks for. */
interface ServerAddress {
  /** Such as `http://127.0.0.1:4318`. */
  readonly url: string;
  /** The token that it asks for. */
  readonly token?: string | undefined;
}
/** One arm's data in one slice. Distributions are in seconds for latency, otherwise in the unit of the attribute. */
type Side = {
  readonly kind: 'rate';
  readonly n: number;
  readonly events: number;
} | {
  readonly kind: 'distribution';
  readonly n: number;
  readonly histogram: Histogram;
  /** For latency: the upper bucket bounds in seconds, if the buckets are not exponential; see `boundedMap`. */
  readonly bounds?: readonly number[];
} | {
  readonly kind: 'count';
  readonly n: number;
};
/** A request that can be cancelled. */
interface Signalled {
  readonly signal?: AbortSignal;
}
/** An objective as written in `coalmine.yaml`. */
interface SloInput {
  readonly name?: string | undefined;
  readonly service?: string | undefined;
  readonly journeys?: readonly string[] | 'service' | 'each' | undefined;
  readonly objective: string | number;
  readonly window?: string | undefined;
  readonly latency?: string | undefined;
  readonly critical?: boolean | undefined;
  readonly expect?: string | number | undefined;
}
/** Facts about a comparison of span metrics, that is, of scraped counts instead of spans. */
interface SpanMetricsFacts {
  /** The name of the series. */
  readonly name: string;
  readonly kind: 'classic' | 'native' | 'counter';
  /** Length of the cells in which the cohorts are compared, and how many cells were joined because a scrape was missed. */
  readonly cellSeconds: number;
  readonly joinedCells: number;
  /** Whether a label marks test traffic. */
  readonly testsApart: boolean;
  /** Requests counted by the first scrape of a process; when they happened is unknown. */
  readonly undated: ByArm;
  /** Latency values that were left out because the instance was warming up. */
  readonly warmUp: ByArm;
  /** Metrics of the policy that these series cannot measure, and why. */
  readonly notMeasured: readonly {
    readonly metric: string;
    readonly why: string;
  }[];
  /** An operation whose latency buckets have different bounds (in seconds) from those of the others. */
  readonly bucketsDiffer: {
    readonly operation: string;
    readonly bounds: readonly (readonly number[])[];
  } | null;
}
/** One kind of span of the service in one tick: how many traces of each cohort have it below their request. */
interface SpanTick {
  readonly tick: number;
  /** client, internal or producer. */
  readonly kind: string;
  readonly name: string;
  readonly stable: Rate;
  readonly canary: Rate;
}
/**
 * The body of `POST /api/comparisons`: what is compared, and when it ends. By default, 30 min of canary traffic are judged,
 * the first spans may take 1 min, and the canary may serve nothing for 15 min.
 */
interface StartBody extends ComparisonBody, Partial<RunLimits> {
  /** Labels such as commit, author, pipeline. At most 20, of 500 characters each. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Idempotency key: requests with the same key mean the same comparison, whatever else they say; at most 200 characters. The header
   * `Idempotency-Key` says the same.
   */
  readonly key?: string;
}
/** The comparison was started; its state at that time. */
interface StartedEvent extends Numbered {
  readonly event: 'started';
  readonly state: ComparisonAnswer;
}
/** The statistic that a finding's values are. */
type Statistic = `p${1 | 5 | 10 | 50 | 90 | 95 | 99}` | 'share of requests' | 'share of traffic' | 'share of calls' | 'requests per instance';
/** A kind of span below the requests of one cohort that the other does not have. */
interface StructureChange {
  readonly kind: string;
  readonly name: string;
  /** `new`: only the canary has it; `missing`: only stable has it. */
  readonly change: 'new' | 'missing';
  /** Share of the traces with it, in the cohort that has it. */
  readonly share: number;
  /** Logarithm of the e-value against chance. */
  readonly logE: number;
}
/** Totals over days or over a window, by operation and metric. */
type Sums = ReadonlyMap<string, ReadonlyMap<string, Side>>;
/** What both arms did in one tick, or in a few of them together: `tick` is then the last. */
interface TimedBlock<Block> {
  readonly tick: number;
  readonly stable: Block;
  readonly canary: Block;
}
/** Requests served, and the number needed to see anything at all; both cohorts must reach it. */
interface TooFew {
  readonly needed: number;
  readonly stable: number;
  readonly canary: number;
}
/** Whose requests are judged: those of users, of tests, or both; with `all`, each operation is split by which it was. */
type Traffic = (typeof traffics)[number];
/**
 * Why a server gives no answer: `usage` (what was asked is wrong), `malformed` (input that cannot be read), `no-data` (there is
 * nothing to judge, or no such comparison), `unavailable` (no answer, no right to it, or too busy), `bug` (of the server's).
 */
type Trouble = "usage" | "malformed" | "unavailable" | "no-data" | "bug";
/** What one user did in the canary at one operation in one tick. */
interface UserTick {
  readonly tick: number;
  readonly operation: string;
  readonly traces: number;
  readonly errors: number;
  readonly clientErrors: number;
  readonly latency: Histogram;
}
/** How many requests of one cohort had a value of a metric. */
interface ValueCounts {
  /** Values judged: one per trace and operation. */
  readonly values: number;
  readonly without: number;
  /** Negative values count as zero: this still detects harm, but hides how far below zero they are. */
  readonly negative: number;
}
/** For a custom metric: how many requests of each cohort had a value, no value, or a negative one. */
interface ValueFacts {
  readonly metric: string;
  readonly stable: ValueCounts;
  readonly canary: ValueCounts;
}
/** A variant, and its share (0 to 1) of the flag's evaluations. */
interface VariantShare {
  readonly variant: string;
  readonly share: number;
}
/** The result of a comparison: what was decided and why, with all the numbers behind it. Its JSON Schema is `verdict.schema.json`. */
interface Verdict {
  readonly schema: 'coalmine.verdict/1';
  readonly verdict: Outcome;
  readonly reasons: readonly Reason[];
  /** What a FAIL proves to be worse; null if there is no FAIL, or if instances cannot be told apart. */
  readonly proves: Proves | null;
  /** Assumptions that the spans cannot confirm; empty if there are none. */
  readonly assumes: readonly Assumption[];
  readonly service: string;
  readonly window: Window;
  readonly cohorts: {
    readonly stable: CohortFacts;
    readonly canary: CohortFacts;
  };
  readonly traffic: Traffic;
  readonly audience: readonly string[];
  /** With `downstream`, calls are counted, and an operation is a kind of call to one callee. */
  readonly scope: ComparedScope;
  /** The unit that is counted: a trace at an operation, or a span for span metrics. Units are assumed to be independent. */
  readonly unit: 'trace' | 'span';
  readonly coverage: Coverage;
  /** Null if instances cannot be told apart, or are too few. */
  readonly hosts: Hosts | null;
  /** Null if stable ran beside the canary; the two are never mixed. */
  readonly beforeAfter: BeforeAfter | null;
  readonly findings: readonly Finding[];
  readonly missing: readonly Missing[];
  /** One for each metric whose policy gives `expect` or `reason`. */
  readonly hypotheses: readonly Hypothesis[];
  /** Null if no metric is advisory. */
  readonly advisory: Advisory | null;
  /** Operations that a failing canary made worse, including small ones; on average at most a share alpha of them is wrong. */
  readonly regressed: readonly Regressed[];
  /** Error types of the canary, those with the most evidence of an increase over stable first. */
  readonly errorTypes: readonly ErrorType[];
  /** Codes of its client errors, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, in the same order. */
  readonly clientErrorCodes: readonly ErrorType[];
  /** Spans below the requests of one cohort that the other never has; null if they were not examined. */
  readonly structure: readonly StructureChange[] | null;
  /** What causes the worst failed finding: the canary, a flag that both cohorts met in both variants, or only the two together. */
  readonly interactions: readonly Interaction[];
  /** Attributes that explain the worst failed finding; null if nothing failed that they could explain. */
  readonly why: Why | null;
  /** Example traces of both cohorts for the same finding. */
  readonly exemplars: Exemplars | null;
  /** When a FAIL was reached, or the last part of a PASS; null otherwise. */
  readonly decidedAfterSeconds: number | null;
  readonly source: Facts['source'];
  readonly policy: Policy & {
    readonly hash: string;
  };
  readonly version: string;
  /** The canary's effect on error budgets, by journey, if there are objectives. */
  readonly budget?: readonly VerdictBudget[];
  /** The result of Kayenta's judge on the same window, if a Kayenta canary config was given. */
  readonly kayenta?: KayentaResult;
}
/** The answer of `GET /api/verdict`, for deployment gates: `verdict` is `running` until the comparison is settled. */
interface VerdictAnswer extends Pick<ComparisonAnswer, 'id' | 'url' | 'outcome' | 'state' | 'reason' | 'startedAt' | 'judgedAt'> {
  readonly verdict: Outcome | 'running';
}
/** A canary's effect on the error budget of a journey. */
interface VerdictBudget {
  readonly slo: string;
  /** Null for all requests of the service. */
  readonly operation: string | null;
  readonly objective: number;
  readonly windowSeconds: number;
  readonly latencySeconds: number | null;
  readonly critical: boolean;
  /** Requests of each cohort in the comparison's window, and how many were bad. */
  readonly stable: BadCounts;
  readonly canary: BadCounts;
  /** The canary's share of these requests. */
  readonly share: number;
  /** Burn rates of stable, the canary, and all requests in the last hour: 1 is what the objective allows; null if too few. */
  readonly burn: {
    readonly stable: number | null;
    readonly canary: number | null;
    readonly service: number | null;
  };
  /** Bad requests beyond what stable's bad share would have produced. */
  readonly excess: Bounded;
  readonly excessPerMinute: number;
  /** Null if a window allows fewer than ten bad requests: then only the counts are meaningful. */
  readonly budget: Allowance | null;
  /** The excess as a share of the window's budget; null with `budget`. */
  readonly spent: Bounded | null;
  /** How long the rest lasts at the canary's current share; null with `budget`. */
  readonly lasts: Lasts | null;
  /** How long it lasts along the planned ramp; null if none is planned. */
  readonly rampLasts: Lasts | null;
  /** How long a full budget lasts once everyone has the canary; null with `budget`. */
  readonly fullLasts: Lasts | null;
  readonly message: string;
}
/** Options for waiting for a verdict. */
interface VerdictOptions extends Signalled {
  /** How long to wait for a verdict, in milliseconds; without it the answer may be that it is `running`. */
  readonly waitMs?: number;
}
/** The query of `GET /api/verdict`, for the newest comparison of these cohorts. */
interface VerdictQuery {
  readonly service: string;
  /** Selectors, such as `service.version=2.0.0`. */
  readonly stable: string;
  readonly canary: string;
}
/** Options for watching a comparison. */
interface WatchOptions extends Signalled {
  /** The number of the last event that is known; all of them come unless given. */
  readonly after?: number;
}
/** What the attributes of the canary's requests tell about a failed finding. */
interface Why {
  readonly metric: string;
  readonly operation: string | null;
  readonly bad: Bad;
  /** Requests slower than this count as slow: 95 % of stable's are faster. Null if the finding is not about latency. */
  readonly slowFromSeconds: number | null;
  /** How many attribute values were examined; on average at most a share alpha of `attributes` is wrong. */
  readonly examined: number;
  readonly attributes: readonly Explanation[];
}
/** The time window that is judged. */
interface Window {
  /** ISO 8601, UTC. Start of the first tick and end of the last closed one. */
  readonly start: string;
  readonly end: string;
  readonly seconds: number;
  /** Whether the start is fixed; a sliding window is valid for a single look only. */
  readonly anchored: boolean;
}
/**
 * Asks a server's route for what `isAnswer` knows.
 *
 * Throws a CoalmineError where there is no such answer.
 *
 * @example await ask({ url: 'http://127.0.0.1:4318' }, '/api/store', (answer): answer is object => true)
 */
export declare function ask<T extends object>(server: ServerAddress, path: string, isAnswer: (answer: object) => answer is T, options?: AskOptions): Promise<T>;
/** The values of `--scope`. */
declare const comparedScopes: readonly ['requests', 'downstream'];
/**
 * The exit code of each verdict, as `coalmine watch` exits.
 *
 * @example process.exitCode = exitCodes[verdict.verdict]
 */
export declare const exitCodes: Readonly<Record<Outcome, number>>;
/**
 * The events of a comparison until it is over, each once and in order, as long as that takes. Where the connection breaks, or
 * the server is started again, it goes on after the last event that came; where something on the way holds streams back, or
 * cuts them before the first event, it asks for one answer at a time.
 *
 * Throws a CoalmineError where the server refuses, is away for longer than `patienceMs`, or the signal is aborted.
 *
 * @example for await (const { event } of follow({ url: 'http://127.0.0.1:4318' }, '5d1c0f')) console.log(event)
 */
export declare function follow(server: ServerAddress, id: string, options?: FollowOptions): AsyncGenerator<ComparisonEvent, void>;
/**
 * Whether an answer is a verdict of a schema that is known here.
 *
 * @example isVerdict(JSON.parse(await readFile('verdict.json', 'utf8'))) // true
 */
export declare function isVerdict(answer: object): answer is Verdict;
/**
 * Makes a client of a Coalmine server. Throws a CoalmineError of kind `usage` if the URL is not valid.
 *
 * @example const verdict = await newClient({ url: 'http://127.0.0.1:4318' }).compare({ service, stable, canary })
 */
export declare function newClient({ timeoutMs, patienceMs, ...server }: ClientOptions): Client;
/** The values of `--traffic`. */
declare const traffics: readonly ['users', 'test', 'all'];
export type { AskOptions, Client, ClientOptions, CoalmineErrorKind, ComparisonAnswer, ComparisonBody, ComparisonEvent, ComparisonEvents, ComparisonList, ComparisonState, EndReason, FollowOptions, JudgedComparison, Outcome, Progress, ServerAddress, Signalled, StartBody, Trouble, Verdict, VerdictAnswer, VerdictOptions, VerdictQuery, WatchOptions };