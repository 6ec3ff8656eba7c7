// Made by "npm run declarations" from the sources of client and comparator; a test says when it is to be made again.
/** What the verdict would have been by the advisory metrics alone. */
interface Advisory {
  readonly verdict: Exclude<Outcome, 'invalid'>;
  readonly message: string;
}
/** How much of a window's budget there is, in bad requests. */
interface Allowance {
  /** How many may be bad within the window. */
  readonly events: number;
  /** How many may be from now on; below 0 where more were. */
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
 * What a verdict takes to be so, since the spans do not tell: that instances are alike (`instances-alike`: no span names its instance, so that
 * one slow process looks like its cohort), and that users are (`users-alike`: none names its user, so that one user whose requests all fail
 * looks like many).
 */
type Assumption = 'instances-alike' | 'users-alike';
/** What is bad of a request, as the failed metric has it. */
type Bad = 'slow' | 'failed' | 'client-error';
/** Requests, and how many of them were bad. */
interface BadCount {
  readonly n: number;
  readonly bad: number;
}
/** Requests of a time, and how many of them failed or were too slow. */
interface BadCounts {
  readonly requests: number;
  readonly bad: number;
}
/** Which earlier days stood for a stable that did not run beside the canary. */
interface BeforeAfter {
  /** Such as `2026-11-20`, the newest first. */
  readonly days: readonly string[];
  /** Days that were asked for and do not count, and why. */
  readonly leftOut: readonly {
    readonly date: string;
    readonly why: string;
  }[];
}
/** A number with its bounds at 95 %, however often one looks. */
interface Bounded {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}
/** When the builds were first seen, at most a day before the window, and what has no build. */
interface BuildFacts {
  readonly stableFirstMs: number;
  readonly canaryFirstMs: number;
  /** Requests of the service in the window that say no build. */
  readonly unmarkedRequests: number;
}
/** A count of each cohort. */
interface ByArm {
  readonly stable: number;
  readonly canary: number;
}
/** What carries a regression: the canary whatever the flag, the flag whatever the cohort, either, or only both together. */
type Carries = 'canary' | 'flag' | 'both' | 'combination' | 'not-settled' | 'not-separable';
/** One cohort's requests with one variant, over the whole window. */
interface Cell {
  readonly cohort: 'stable' | 'canary';
  readonly variant: string;
  /** How many values. */
  readonly count: number;
  /** How many of them had the event, for rates. */
  readonly events: number | null;
  /** In the finding's unit, as in the ticks in which all four cells can be compared; null where there are none. */
  readonly value: number | null;
}
/** How much worse, and from where to where that may be: a ratio of typical values, or a difference of shares. */
interface CellEffect {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
}
/** What each adds to stable with the variant that does less harm. */
interface CellEffects {
  readonly kind: 'ratio' | 'difference';
  /** Of each bound. */
  readonly level: number;
  /** The variant that is worse in the canary: `flag` and `together` are of it. */
  readonly variant: string;
  readonly canary: CellEffect;
  readonly flag: CellEffect;
  /** What the two do beyond what each does alone. */
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
/** How much later than their calls the requests of one tick start, in the median of each cohort, in milliseconds; null where callers' spans do not tell. */
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
/** What is known of one cohort besides its slices. */
interface CohortFacts {
  /** The selector as it was given, such as `service.version=2.0.0`. */
  readonly selector: string;
  readonly requests: number;
  /** How many it served, where the trace states say that only some were kept: an estimate. */
  readonly adjustedRequests?: number;
  /** Values judged: one for each trace and operation. */
  readonly traces: number;
  readonly instances: number;
  /** Requests of test traffic, left out. */
  readonly testRequests: number;
  /** Share of the cohort's requests that evaluated a flag to a variant, by operation. */
  readonly flags: readonly FlagShare[];
  /** How many flags, those with the fewest requests, have no shares here. */
  readonly flagsLeftOut?: number;
}
/** What is compared: the requests that a service answers, or the calls that it makes to databases and other services. */
type ComparedScope = (typeof comparedScopes)[number];
/** A comparison as it is answered: its state, and where its page is. */
interface ComparisonAnswer extends ComparisonState {
  readonly url: string;
}
/**
 * A comparison as whoever wants a verdict asks for it: the body of the server's `POST /api/compare`, and what other sources of
 * slices are asked. Left out, `traffic` is of users, `audience` is everyone, `scope` is requests, the window begins at the
 * canary's first span and ends now, and the policy is the default one.
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
  /** Flags whose part in the finding with the most evidence is told, whatever the verdict. */
  readonly interact?: readonly string[];
  /** Stable is the same hours of earlier days, so far back. */
  readonly stableWindowMs?: number;
  /** A sliding window, or moments in ISO 8601. */
  readonly window?: {
    readonly sinceMs?: number;
    readonly start?: string;
    readonly end?: string;
  };
  readonly policy?: PolicyInput;
  /** Objectives whose error budgets are told beside the verdict; left out, those that the server has for this service. */
  readonly slo?: readonly SloInput[];
  /** Planned shares of the canary, such as `1%:30m,10%:1h,100%`. */
  readonly ramp?: string;
}
/** Something that happened to a comparison that runs. */
type ComparisonEvent = StartedEvent | LookEvent | OutcomeEvent | EndedEvent;
/** The events of a comparison as JSON; the last one of all is `ended`. */
interface ComparisonEvents {
  readonly events: readonly ComparisonEvent[];
}
/** The answer of `GET /api/comparisons`: the newest first. */
interface ComparisonList {
  readonly comparisons: readonly ComparisonAnswer[];
}
/** A comparison that runs, or did, as the API tells of it. Moments are ISO 8601. */
interface ComparisonState {
  readonly id: string;
  readonly service: string;
  readonly stable: string;
  readonly canary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
  readonly state: 'running' | 'ended';
  readonly startedAt: string;
  /** The name of the token that started it; null where the server knows tokens without names, or none. */
  readonly startedBy: string | null;
  readonly endedAt: string | null;
  /** The name of the token that stopped it; null where nobody did. */
  readonly stoppedBy: string | null;
  readonly why: EndReason | null;
  /** What its last look said; null before the first one. */
  readonly outcome: Outcome | null;
  readonly judgedAt: string | null;
  /** The first reason of the last look, or what keeps it from looking. */
  readonly reason: string | null;
  /** How far it has come; null before there is something to judge. */
  readonly progress: Progress | null;
}
/** How much of what stable met the canary met too. */
interface Coverage {
  /** Minutes of the window in which the canary served, of so many. */
  readonly minutes: number;
  readonly windowMinutes: number;
  /** How many of the 60 minutes of the hour these are: what happens at five past every hour is met at five past. */
  readonly minutesOfHour: number;
  /** Share of stable's requests that are of operations which the canary served too. */
  readonly operationsShare: number;
  /** The operations that it never served, the largest first, by their share of stable's requests. */
  readonly unserved: readonly {
    readonly operation: string;
    readonly share: number;
  }[];
}
/** What was decided of one finding: proved worse than the margin, proved within it, or neither. */
type Decision = 'fail' | 'pass' | 'inconclusive';
/** What stable did on one earlier day, at the hours of the canary. */
interface EarlierDay {
  /** Such as `2026-11-20`. */
  readonly date: string;
  /** Everything of the day together, by operation and metric. */
  readonly sums: Sums;
  /** Requests by operation and tick, the ticks moved on to the canary's day. */
  readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>>;
}
/** Why a comparison is over. */
type EndReason = 'settled' | 'time' | 'idle' | 'stopped' | 'refused';
/** It is over: the last event. */
interface EndedEvent extends Numbered, Look {
  readonly event: 'ended';
  readonly why: EndReason;
}
/**
 * A type of error (`error.type`, `exception.type`, or the status code where neither says more) that the canary has, or a code
 * of client errors.
 */
interface ErrorType {
  readonly type: string;
  /** Traces that had it. */
  readonly stable: number;
  readonly canary: number;
  /** Where the canary has it, the most of it first. */
  readonly operations: readonly string[];
  /** Whether stable has none of it. */
  readonly new: boolean;
  /** Whether the canary has more of it than the margin of errors allows, at the policy's alpha over all types together. */
  readonly more: boolean;
  /** Logarithm of the e-value that says so. */
  readonly logE: number;
}
/** One type of error at one operation in one tick: of so many traces of each cohort, how many had it. */
interface ErrorTypeTick {
  readonly type: string;
  readonly operation: string;
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly stable: Rate;
  readonly canary: Rate;
}
/**
 * Where one may look at any time, the natural logarithm of an e-value and what it must reach; where one may look once, a
 * p-value and what it must not exceed, null where it says nothing.
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
/** Three traces of each cohort: of what is bad in the canary, and of what is usual in stable. */
interface Exemplars {
  readonly metric: string;
  readonly operation: string | null;
  readonly stable: readonly Exemplar[];
  readonly canary: readonly Exemplar[];
}
/** What is claimed of a metric. `worse-by-at-most` is a price that is paid knowingly: its margin must be written. */
type Expect = 'no-worse' | 'better' | 'same' | 'worse-by-at-most';
/** An attribute that explains a part of what is worse in the canary. */
interface Explanation {
  readonly attribute: string;
  /** Others that the same requests have. */
  readonly alike: readonly string[];
  /** How much of the bad requests beyond stable's share is due to requests with it being worse than the others: 0 to 1. */
  readonly explained: number;
  readonly canary: {
    readonly with: BadCount;
    readonly without: BadCount;
  };
  readonly stable: {
    readonly with: BadCount;
    readonly without: BadCount;
  };
  /** That bad requests are likelier with it than without, in the canary more than in stable. */
  readonly logE: number;
  readonly message: string;
}
/** What the comparator is told besides slices: who is compared, when, and what was left out. */
interface Facts {
  readonly service: string;
  readonly window: Window;
  readonly stable: CohortFacts;
  readonly canary: CohortFacts;
  readonly traffic: Traffic;
  /** The only audiences whose requests were judged, such as `beta`; empty when all were. */
  readonly audience: readonly string[];
  readonly scope: ComparedScope;
  /** Traces that both selectors chose, in neither cohort. */
  readonly overlap: number;
  /** Requests that saw two variants of a flag, in neither cohort. */
  readonly mixedRequests: number;
  /** Spans that came after their tick had closed. */
  readonly lateSpans: number;
  /** What came so, by cohort: of the ticks that had most of it. */
  readonly late?: readonly LateTick[];
  /** Whether closed ticks answered, or raw spans had to be read; or metrics of spans, without the spans. */
  readonly source: 'ticks' | 'spans' | 'metrics';
  /** There are no closed ticks that this user may read, so that every answer comes from raw spans. */
  readonly spansOnly?: boolean;
  /** Errors by their type, in the ticks that had some. */
  readonly errorTypes?: readonly ErrorTypeTick[];
  /** Client errors by their code, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, likewise. */
  readonly clientCodes?: readonly ErrorTypeTick[];
  /** Which spans lie below the first requests, tick by tick. */
  readonly structure?: readonly SpanTick[] | undefined;
  /** Of metrics of the policy's own, which raw spans answered: how many requests had a value. */
  readonly values?: readonly ValueFacts[];
  /** What tells whether the comparison is fair; absent where there is no store to ask. */
  readonly fairness?: FairnessFacts;
  /** Where span metrics were read instead of spans. */
  readonly spanMetrics?: SpanMetricsFacts;
  /** Where stable is earlier days: which, and what each of them showed. The slices are then those of `slicesAgainst`. */
  readonly beforeAfter?: BeforeAfter;
  readonly earlier?: readonly EarlierDay[];
  /** When nothing was found: what the store has seen, for the message. */
  readonly known?: {
    readonly services: readonly string[];
    readonly values: readonly string[];
    /** Spans of the service that are stored, but whose ticks have not closed yet; unattended where no server closes any. */
    readonly open: {
      readonly spans: number;
      readonly unattended?: boolean;
    };
  } | undefined;
  /** In fixed mode: which look at this comparison it is, as far as its data has grown. 1 where it is not told. */
  readonly look?: number | undefined;
  readonly version: string;
}
/** What the store knows that tells whether a comparison is fair, besides who is compared. */
interface FairnessFacts {
  /** Values of each cohort whose latency was left out, because the instance that served them was warming up. */
  readonly warmUp: {
    readonly stable: number;
    readonly canary: number;
  };
  /** Null where the closed ticks know no instance. */
  readonly instances: readonly InstanceFacts[] | null;
  /** What each instance did; empty where instances are not known apart, or are too few to be held against each other. */
  readonly cells: readonly InstanceCell[];
  /**
   * What each instance did in each tick, by which a FAIL stands or falls; asked for only where there would be one. Null or absent where
   * instances are not known apart, or were not asked.
   */
  readonly instanceTicks?: readonly InstanceTick[] | null;
  /** For findings that would FAIL, where spans name users: those without whom they have to FAIL too. */
  readonly heaviestUsers?: readonly HeaviestUsers[];
  /** Null where the cohorts are not chosen by build. */
  readonly builds: BuildFacts | null;
  /** How far beyond the clock of the store the last span starts, in milliseconds; below zero for a span of the past. */
  readonly aheadMs: number;
  /**
   * Calls of other services to addresses at which one cohort alone is called, tick by tick, and those without an answer;
   * empty where the callers' spans are not there, or the cohorts share their addresses.
   */
  readonly calls: readonly RateBlock[];
  /** Null where no tick was fit to be sampled. */
  readonly sample: {
    readonly stable: SampleFacts;
    readonly canary: SampleFacts;
    /** Traces that met both cohorts, and in how many of them a request of the canary failed. */
    readonly metBoth?: {
      readonly traces: number;
      readonly failed: number;
    };
    /** How far the clocks are off in ticks all over the window, in order; absent where only the end of it was looked at. */
    readonly clocks?: readonly ClockTick[];
  } | null;
}
/** One metric in one scope: what was measured, what was decided, and the evidence for it. */
interface Finding {
  /** The name that the policy gives it. */
  readonly metric: string;
  readonly scope: 'service' | 'operation';
  /** The operation, `(other)` for the small ones together, null for the whole service. */
  readonly operation: string | null;
  /** Whether PASS needs it; what does not can only FAIL. */
  readonly required: boolean;
  readonly decision: Decision;
  /** Advisory findings are told and decide nothing. */
  readonly gate: Exclude<Gate, 'off'>;
  /** What is claimed here: FAIL is proof that it is not so, PASS that it is. */
  readonly expect: Expect;
  readonly statistic: Statistic;
  /** Of the values: seconds, a share between 0 and 1, or a number in whatever unit the attribute has. */
  readonly unit: 'seconds' | 'share' | 'number';
  readonly stable: FindingSide;
  readonly canary: FindingSide;
  /** The part that the effect speaks of: the one that carried a FAIL, else the typical request. */
  readonly part: Part;
  /** There where values were zero too: these are of those above zero, and how many are zero was judged beside them. */
  readonly zerosApart?: true;
  /** `ratio`: canary over stable; `odds-ratio`: of the odds; `difference`: canary less stable, as a share. */
  readonly effect: {
    readonly kind: 'ratio' | 'odds-ratio' | 'difference';
    readonly value: number | null;
  };
  /**
   * Confidence sequence of the effect; null is unbounded. `level` is its error on each side. `changed`: no one effect
   * fits the whole window and every operation in it; `lower` is then what was proved at times.
   */
  readonly interval: {
    readonly lower: number | null;
    readonly upper: number | null;
    readonly level: number;
    readonly changed: boolean;
  };
  /** Where a FAIL was proved in a part of the window, and the values of the whole of it do not show it: which part; else absent. */
  readonly provedWithin?: ProvedWithin;
  /** The margin as people write it, such as `10%,2ms`. */
  readonly margin: string;
  readonly evidence: {
    /** That canary is worse than the margin. */
    readonly worse: Evidence;
    /** That it is within the margin: every part must reach what it needs. */
    readonly within: readonly PartEvidence[];
  };
  /** When the decision was reached: seconds of canary traffic since the window's start. */
  readonly decidedAfterSeconds: number | null;
  /** Flags whose variants differ between the cohorts in this operation. */
  readonly flags: readonly FlagDifference[];
  readonly message: string;
}
/** One arm's side of a finding. `value` is in the finding's `unit`. */
interface FindingSide {
  readonly count: number;
  /** Requests with the event, for rates. */
  readonly events: number | null;
  readonly value: number | null;
}
/** A flag whose main variant is not the same in both cohorts; null where a cohort never evaluated it. */
interface FlagDifference {
  readonly flag: string;
  /** The variant that most requests had, and its share of those that evaluated the flag. */
  readonly stable: VariantShare | null;
  readonly canary: VariantShare | null;
}
/** How many requests of a cohort evaluated a flag to a variant at one operation. */
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
/** Whether a metric decides: `advisory` ones are judged and told, and change no verdict; `off` ones are not judged. */
type Gate = 'on' | 'advisory' | 'off';
/** A gate as people write it. */
type GateInput = boolean | Gate;
/** The users with most of what is bad in the canary at a finding that would FAIL, and what they did there. */
interface HeaviestUsers {
  readonly metric: string;
  /** The operation of the finding, null for the whole service. */
  readonly operation: string | null;
  /** How many users they are. */
  readonly users: number;
  readonly ticks: readonly UserTick[];
}
/**
 * Counts in OpenTelemetry's exponential buckets: bucket `i` holds `(2^(i/2^scale), 2^((i+1)/2^scale)]`. Values that are
 * zero or less count in `zero`. The unit of the values is the caller's.
 */
interface Histogram {
  readonly scale: number;
  readonly zero: number;
  /** Ascending, each once. */
  readonly indices: readonly number[];
  /** One for each index: how many values its bucket holds. */
  readonly counts: readonly number[];
}
/** What the instances of each cohort show of their hosts. */
interface Hosts {
  /** How many instances were looked at, of those that served most. */
  readonly stable: number;
  readonly canary: number;
  /** Standard deviation between stable's instances, of the logarithm: 0.05 is 5 %. Null where it is not known. */
  readonly variation: {
    readonly latency: number | null;
    readonly errors: number | null;
  };
  /** The ratio (of odds, for errors) that the canary's hosts alone reach one time in forty: FAIL needs more than it. */
  readonly allowed: {
    readonly latency: number | null;
    readonly errors: number | null;
  };
  /** Stable instances that would fail against the others; null where they are too few to tell. */
  readonly placebo: readonly OutOfLine[] | null;
  /** Canary instances that are worse than the canary's others. */
  readonly outOfLine: readonly OutOfLine[];
}
/** The answer to one expectation that was written down. */
interface Hypothesis {
  readonly metric: string;
  readonly expect: Expect;
  /** Why it was expected, in the words of whoever wrote it. */
  readonly reason: string | null;
  readonly answer: 'confirmed' | 'refuted' | 'open';
  readonly message: string;
}
/** What one instance did at one operation in one block of the window. */
interface InstanceCell {
  readonly cohort: 'stable' | 'canary';
  readonly instance: string;
  readonly operation: string;
  /** When the block begins, in milliseconds since 1970. */
  readonly tick: number;
  readonly traces: number;
  readonly errors: number;
  /** In seconds. */
  readonly latency: Histogram;
}
/** One process that served a cohort. Times are milliseconds since 1970. */
interface InstanceFacts {
  readonly instance: string;
  /** `both` where the cohorts share their instances, as those of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both';
  readonly firstMs: number;
  readonly lastMs: number;
  /** Whether its first request is known to be its first: it appeared after the record of the service had begun. */
  readonly born: boolean;
}
/** What one instance did at one operation, or at all the others together, `(other)`, in one tick. */
interface InstanceTick {
  readonly cohort: 'stable' | 'canary';
  readonly instance: string;
  readonly operation: string;
  /** When the tick begins, in milliseconds since 1970. */
  readonly tick: number;
  readonly traces: number;
  readonly errors: number;
  readonly clientErrors: number;
  readonly innerErrors: number;
  /** In seconds; empty while the instance warmed up. Buckets may be wider than those of the slices. */
  readonly latency: Histogram;
}
/** Whether the canary carries a finding, or a flag, or only the two together. */
interface Interaction {
  readonly flag: string;
  readonly variants: readonly [string, string];
  /** The finding that is explained. */
  readonly metric: string;
  readonly operation: string | null;
  readonly carries: Carries;
  /** Stable with the first and the second variant, then the canary; empty where each cohort has a variant of its own. */
  readonly cells: readonly Cell[];
  readonly unit: Finding['unit'];
  readonly statistic: Finding['statistic'];
  /** Null where the cells cannot be compared. */
  readonly effects: CellEffects | null;
  readonly message: string;
}
/** The answer of `GET /api/comparisons/ID`: its last verdict too, null before there is one. */
interface JudgedComparison extends ComparisonAnswer {
  readonly verdict: Verdict | null;
}
/** What Kayenta says of one metric, and the numbers that it said it for, which it does not tell. */
interface KayentaClassification {
  readonly label: KayentaLabel;
  /** Whether it fails the canary whatever the score is. */
  readonly critical: boolean;
  /** Canary's mean over stable's; null where one of them is zero. */
  readonly deviation: number | null;
  /** The effect that the metric's thresholds are about; null where it cannot be computed, and the thresholds do not count. */
  readonly effect: number | null;
  /** Null where no test was made: no data, or the same data. */
  readonly shift: LocationShift | null;
  readonly points: {
    readonly stable: number;
    readonly canary: number;
  };
  readonly reason: string;
}
/** What Kayenta's judge needs of a canary config. */
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
  /** Share of its metrics that pass, in per cent; null where none has data, which counts as 100. */
  readonly score: number | null;
  readonly weight: number;
}
/** Kayenta's own words for a metric: canary like stable, above it, below it, or one arm without data. */
type KayentaLabel = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric';
/** One metric of a canary config: Kayenta's settings for it, defaults filled in. */
interface KayentaMetric {
  readonly name: string;
  readonly groups: readonly string[];
  /** Which of our series it is judged on, as the config names it: `query.coalmine`, else the metric's name. */
  readonly source: string;
  /** The operation that the series is of: `query.operation`; null for the whole service. */
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
/** The answer that Kayenta's NetflixACAJudge gives on these series, and why. */
interface KayentaResult extends KayentaScore {
  readonly metrics: readonly KayentaFinding[];
  readonly thresholds: KayentaConfig['thresholds'];
}
/** The score of a canary, from 0 to 100, and what it comes from. */
interface KayentaScore {
  /** From 0 to 100. */
  readonly score: number;
  readonly classification: 'Pass' | 'Marginal' | 'Fail';
  readonly groups: readonly KayentaGroup[];
  /** Why the score is zero whatever the groups say; null otherwise. */
  readonly reason: string | null;
}
/** How long a budget lasts, in seconds; null where that is longer than a year. */
interface Lasts {
  readonly seconds: number | null;
  /** With as little as the canary's bad requests may be, and as much: the ends of their confidence sequence. */
  readonly atBest: number | null;
  readonly atWorst: number | null;
}
/** Traces of one cohort in one tick: all, those of them that came late, and how many of these failed. */
interface LateCounts {
  readonly traces: number;
  readonly late: number;
  readonly errors: number;
}
/** What came for one tick after it had closed: of so many traces of a cohort how many, and how many of these failed. */
interface LateTick {
  /** Milliseconds since 1970. */
  readonly tick: number;
  readonly stable: LateCounts;
  readonly canary: LateCounts;
}
/** How much slower is still acceptable: `ratio` (0.1 is 10 %) or `seconds` more, whichever is larger. */
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
/** What one look said, without the verdict. */
type Look = Pick<ComparisonState, 'outcome' | 'reason' | 'progress'>;
/** It was looked at, and the outcome is what it was. */
interface LookEvent extends Numbered, Look {
  readonly event: 'look';
}
/** How much worse is acceptable, in the form that the metric takes. */
type Margin = LatencyMargin | RateMargin | RatioMargin;
/** What a metric's values are. */
type Measure = {
  readonly kind: 'latency';
} | {
  readonly kind: 'errors';
} |
/** Answers that blame whoever asked: HTTP 4xx, and the codes of gRPC that are no fault of the server's. */
{
  readonly kind: 'client-errors';
} |
/** Errors below a request, or exceptions in it, of which the answer shows nothing. */
{
  readonly kind: 'inner-errors';
} | {
  readonly kind: 'lost-requests';
} | {
  readonly kind: 'throughput';
} |
/** A numeric span attribute (cost, bytes, tokens): one value for a trace and operation. */
{
  readonly kind: 'attribute';
  readonly key: string;
  readonly reduce: 'sum' | 'max';
} |
/** Spans of the trace, in this service and below its entry span, that a selector chooses: queries, retries, fan-out. */
{
  readonly kind: 'calls';
  readonly of: string;
} |
/** Requests that have a span which a selector chooses: any attribute that is there or not. */
{
  readonly kind: 'share';
  readonly of: string;
};
/** A metric as people write it under `metrics:`; every key may be left out. */
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
  /** `latency`, `errors`, `client-errors`, `inner-errors`, `lost-requests`, `throughput`, or a name of the user's own. */
  readonly name: string;
  readonly measure: Measure;
  readonly expect: Expect;
  /** Which way hurts. */
  readonly worse: 'higher' | 'lower';
  /** Its shape goes with the measure: see `marginFormOf`. */
  readonly margin: Margin;
  readonly gate: Gate;
  /** Its part of alpha beside the other metrics': only proportions count. */
  readonly weight: number;
  /** What must not break: four times the part of alpha, and its FAIL is named first. */
  readonly critical: boolean;
  /** Why, in the words of whoever wrote it. */
  readonly reason: string | null;
  /** Whether `expect` or `reason` was written down: the verdict answers those. */
  readonly hypothesis: boolean;
}
/** What keeps a finding from PASS. Null requests: at this rate it will not come, the effect is near the margin; or there are too few. */
interface Missing {
  readonly metric: string;
  readonly operation: string | null;
  readonly part: Part;
  readonly canaryRequests: number | null;
  readonly seconds: number | null;
  /** Null where there are enough requests to tell whether the evidence grows. */
  readonly tooFew: TooFew | null;
}
/** How often one may look: as often as one likes, or once, at the end of the window. */
type Mode = 'sequential' | 'fixed';
/** What every event of a comparison has. */
interface Numbered {
  /** Its number among the events of the comparison: they grow, and some may be missing. */
  readonly id: number;
  /** When it happened, ISO 8601. */
  readonly at: string;
}
/** An instance that is worse than its fellows, beyond the margin. Latency in seconds, errors as a share. */
interface OutOfLine {
  readonly instance: string;
  readonly metric: string;
  readonly statistic: Statistic;
  readonly others: number | null;
  readonly own: number | null;
}
/** What a verdict says. */
type Outcome = 'pass' | 'fail' | 'inconclusive' | 'invalid';
/** It was looked at, and the outcome is not what it was; `before` is null at the first look. */
interface OutcomeEvent extends Numbered, Look {
  readonly event: 'outcome';
  readonly before: Outcome | null;
}
/**
 * Which of the tests carried a decision: where the whole distribution lies, or its tenth, twentieth, hundredth at the end
 * that hurts; of a number that is often zero, how many values are above it.
 */
type Part = 'typical' | `${'slowest' | 'highest' | 'lowest'} ${10 | 5 | 1} %` | 'above zero' | 'rate' | 'share';
/** The evidence of one of the tests that PASS needs. */
type PartEvidence = Evidence & {
  readonly part: Part;
};
/** What is judged and how strictly. */
interface Policy {
  /** Chance that a canary no worse than the margin is failed, over all findings and however many looks. */
  readonly alpha: number;
  /** Chance that a canary worse than the margin is passed, for each finding. */
  readonly alphaPass: number;
  /** The canary's declared share of the traffic, between 0 and 1; without it lost requests are not judged. */
  readonly split: number | null;
  /** Operations with at least this share of the stable traffic are judged each, smaller ones together. */
  readonly minimumShare: number;
  /** How many seconds of each instance's life are left out of latency, never of errors. */
  readonly warmUp: number;
  /** Whether users were drawn at random for a flag that a rule decided, as by a percentage inside the rule. */
  readonly randomised: boolean;
  /** How often one may look. */
  readonly mode: Mode;
  /** Every metric that was named, and those that are judged unless they are turned off. Names differ. */
  readonly metrics: readonly MetricPolicy[];
}
/** A policy as people write it, in `coalmine.yaml` or in a request: every key may be left out. */
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
  /** Of canary traffic that was judged. */
  readonly seconds: number;
  readonly canaryRequests: number;
  /** Of the evidence that the nearest FAIL needs, in whole per cents. */
  readonly harmPercent: number;
  /** Of the evidence that PASS needs, all its parts on average, in whole per cents. */
  readonly safetyPercent: number;
}
/** The part of the window in which a FAIL was proved, and what was measured there, in the finding's unit; null where that is not known. */
interface ProvedWithin {
  /** ISO 8601, UTC. */
  readonly start: string;
  readonly end: string;
  readonly stable: number | null;
  readonly canary: number | null;
  /** The canary's instance that has most of it; null where none has, or instances are not known. */
  readonly instance: string | null;
}
/** What a FAIL proves to be worse: the build, or no more than one instance of it, whose host may be the reason. */
type Proves = 'build' | 'instance';
/** How many units an arm had, and how many of them had the event. */
interface Rate {
  readonly n: number;
  readonly events: number;
}
/** The requests of both arms in one block, and how many of them had the event. */
type RateBlock = TimedBlock<Rate>;
/** How many more events are still acceptable: an odds ratio, or `difference` in probability, whichever is larger. */
interface RateMargin {
  readonly oddsRatio: number;
  readonly difference: number;
}
/** How much more of a number (cost, bytes, calls), or how much less of a count (requests), is acceptable: 0.05 is 5 %. */
interface RatioMargin {
  readonly ratio: number;
}
/** `decides`: why the verdict is what it is; `blocks`: why it could not be PASS; `note`: good to know. */
interface Reason {
  readonly code: ReasonCode;
  readonly weight: 'decides' | 'blocks' | 'note';
  readonly message: string;
}
/** Names a reason; the sentences may change, the codes do not. */
type ReasonCode = 'worse-than-margin' | 'not-as-expected' | 'within-margin' | 'not-enough-evidence' | 'nothing-decides' | 'no-data' | 'same-cohort' | 'never-concurrent' | 'split-missed' | 'overlapping-cohorts' | 'unmatched-operations' | 'unnamed-operations' | 'canary-quiet' | 'swapped' | 'unmarked-requests' | 'sampling-differs' | 'tail-sampled' | 'instrumentation-differs' | 'not-randomised' | 'instances-restart' | 'one-instance' | 'mix-differs' | 'clock-skew' | 'warm-up-left-out' | 'mixed-variants' | 'late-spans' | 'late-requests' | 'retried' | 'host-not-separable' | 'young-instances' | 'both-slowed-down' | 'assumes-independence' | 'few-users' | 'uneven-instances' | 'unequal-load' | 'one-look' | 'peeked' | 'before-after' | 'too-few-days' | 'raw-spans' | 'span-metrics' | 'not-measured' | 'coarse-buckets' | 'buckets-differ' | 'first-scrapes-left-out' | 'scrapes-missed' | 'new-error-type' | 'structure-differs' | 'inner-errors' | 'sampled' | 'values-missing' | 'throughput-not-known' | 'negative-values' | 'test-traffic-left-out' | 'flags-differ' | 'flags-left-out' | 'interactions-not-known' | 'why-not-known';
/** An operation that is worse than the margin by one metric, among all that were looked at. */
interface Regressed {
  readonly metric: string;
  readonly operation: string;
  /** Natural logarithm of its e-value. */
  readonly logE: number;
}
/** When a comparison that runs is over, in milliseconds. */
interface RunLimits {
  /** How much canary traffic is judged. */
  readonly forMs: number;
  /** How long the first spans of both cohorts may take. */
  readonly waitMs: number;
  /** How long the canary may serve nothing. */
  readonly idleMs: number;
  /** Whether a PASS ends it, too, as a FAIL does. */
  readonly earlyPass: boolean;
}
/** What a few ticks of raw spans say of one cohort. */
interface SampleFacts {
  readonly requests: number;
  /** Spans of the service below the requests. */
  readonly children: number;
  /** The instrumentation that made most of the requests' spans. */
  readonly scope: string;
  /** How the requests were sampled: the probability that their trace state says, null where it says none. */
  readonly sampling: readonly SamplingShare[];
  /** Requests for which a flag of the comparison was decided by targeting. */
  readonly targeted: number;
  /** Requests that name a user; absent where that was not looked at. */
  readonly named?: number;
  /** Of requests whose caller's span is known: how much later than the call they start, in the median. */
  readonly skewMs: number | null;
}
/** How many requests were kept with one probability, and how many of them failed; null where the trace state says none. */
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
/** One arm's data in one slice. A distribution is of seconds for latency, else in the unit of its attribute. */
type Side = {
  readonly kind: 'rate';
  readonly n: number;
  readonly events: number;
} | {
  readonly kind: 'distribution';
  readonly n: number;
  readonly histogram: Histogram;
  /** Of latency: the upper edges of its buckets in seconds, where they are not exponential; see `boundedMap`. */
  readonly bounds?: readonly number[];
} | {
  readonly kind: 'count';
  readonly n: number;
};
/** A request that can be cancelled. */
interface Signalled {
  readonly signal?: AbortSignal;
}
/** An objective as people write it in `coalmine.yaml`. */
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
/** What is known of a comparison of span metrics: of counts of spans that were scraped, not of the spans. */
interface SpanMetricsFacts {
  /** As the series are called. */
  readonly name: string;
  readonly kind: 'classic' | 'native' | 'counter';
  /** How long a cell is, in which the cohorts are compared; and how many were joined since a scrape between them was missed. */
  readonly cellSeconds: number;
  readonly joinedCells: number;
  /** Whether a label tells test traffic. */
  readonly testsApart: boolean;
  /** Requests that the first scrape of a process counts: when they came is not known. */
  readonly undated: ByArm;
  /** Values of latency that were left out, because what served them was warming up. */
  readonly warmUp: ByArm;
  /** Metrics of the policy that these series do not tell, and why. */
  readonly notMeasured: readonly {
    readonly metric: string;
    readonly why: string;
  }[];
  /** An operation whose latency is counted in buckets of other bounds than others', in seconds. */
  readonly bucketsDiffer: {
    readonly operation: string;
    readonly bounds: readonly (readonly number[])[];
  } | null;
}
/** A kind of span of the service in one tick: of so many traces of each cohort, how many have one below their request. */
interface SpanTick {
  readonly tick: number;
  /** client, internal or producer. */
  readonly kind: string;
  readonly name: string;
  readonly stable: Rate;
  readonly canary: Rate;
}
/**
 * The body of `POST /api/comparisons`: what is compared, and when it is over. Left out, 30 min of canary traffic are judged,
 * the first spans may take 1 min, and the canary may serve nothing for 15 min.
 */
interface StartBody extends ComparisonBody, Partial<RunLimits> {
  /** What it is known by: such as commit, author, pipeline. At most 20, of 500 characters each. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Requests of the same key are the same comparison, whatever else they say; 200 characters at most. */
  readonly key?: string;
}
/** It was started; its state at that moment. */
interface StartedEvent extends Numbered {
  readonly event: 'started';
  readonly state: ComparisonAnswer;
}
/** What a finding's values are. */
type Statistic = `p${1 | 5 | 10 | 50 | 90 | 95 | 99}` | 'share of requests' | 'share of traffic' | 'share of calls' | 'requests per instance';
/** Spans below the requests of one cohort that the other has none of. */
interface StructureChange {
  readonly kind: string;
  readonly name: string;
  /** `new`: canary has it and stable has not; `missing`: the other way round. */
  readonly change: 'new' | 'missing';
  /** Share of the traces, of the cohort that has it, in which it is. */
  readonly share: number;
  /** Logarithm of the e-value that this is no chance. */
  readonly logE: number;
}
/** Everything of some days or of a window together, by operation and metric. */
type Sums = ReadonlyMap<string, ReadonlyMap<string, Side>>;
/** What both arms did in one tick, or in a few of them together: `tick` is then the last. */
interface TimedBlock<Block> {
  readonly tick: number;
  readonly stable: Block;
  readonly canary: Block;
}
/** Requests that were served of those that it takes to see anything at all; both cohorts must have some. */
interface TooFew {
  readonly needed: number;
  readonly stable: number;
  readonly canary: number;
}
/** Whose requests are judged: those of users, of tests alone, or both, each operation apart by which of them it was. */
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
  /** Values that were judged: one for each trace and operation. */
  readonly values: number;
  readonly without: number;
  /** These count as zero, which proves harm where there is harm, but hides how far below zero a value lies. */
  readonly negative: number;
}
/** Of a metric of the policy's own: how many requests of each cohort had a value, had none, or had one below zero. */
interface ValueFacts {
  readonly metric: string;
  readonly stable: ValueCounts;
  readonly canary: ValueCounts;
}
/** A variant, and the share (0 to 1) of the evaluations of its flag that gave it. */
interface VariantShare {
  readonly variant: string;
  readonly share: number;
}
/** The answer to a comparison: what was decided and why, with every number that it comes from. Its JSON Schema is `verdict.schema.json`. */
interface Verdict {
  readonly schema: 'coalmine.verdict/1';
  readonly verdict: Outcome;
  readonly reasons: readonly Reason[];
  /** What a FAIL proves to be worse; null where it is none, or instances are not known apart. */
  readonly proves: Proves | null;
  /** What is taken to be so, since the spans do not tell; empty where they do. */
  readonly assumes: readonly Assumption[];
  readonly service: string;
  readonly window: Window;
  readonly cohorts: {
    readonly stable: CohortFacts;
    readonly canary: CohortFacts;
  };
  readonly traffic: Traffic;
  readonly audience: readonly string[];
  /** `downstream`: what is counted are calls, and an operation is what was asked of whom. */
  readonly scope: ComparedScope;
  /** What counts once: a trace at an operation, or in span metrics a span. They are taken to be independent of each other. */
  readonly unit: 'trace' | 'span';
  readonly coverage: Coverage;
  /** Null where instances are not known apart, or are too few. */
  readonly hosts: Hosts | null;
  /** Null where stable ran beside the canary; never mixed with that. */
  readonly beforeAfter: BeforeAfter | null;
  readonly findings: readonly Finding[];
  readonly missing: readonly Missing[];
  /** One for each metric whose `expect` or `reason` was written down. */
  readonly hypotheses: readonly Hypothesis[];
  /** Null where no metric is advisory. */
  readonly advisory: Advisory | null;
  /** Operations that a failing canary made worse, the small ones too; on average at most a share alpha of them are not. */
  readonly regressed: readonly Regressed[];
  /** Types of error that the canary has, those with the most evidence of being more than stable's first. */
  readonly errorTypes: readonly ErrorType[];
  /** The codes of its client errors, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, likewise. */
  readonly clientErrorCodes: readonly ErrorType[];
  /** Spans below the requests of one cohort that the other never has; null where they were not looked at. */
  readonly structure: readonly StructureChange[] | null;
  /** What carries the worst failed finding: the canary, a flag that both cohorts met in both variants, or only the two together. */
  readonly interactions: readonly Interaction[];
  /** Attributes that explain the worst failed finding; null where nothing failed that they could explain. */
  readonly why: Why | null;
  /** Traces of both cohorts to look at, of the same finding. */
  readonly exemplars: Exemplars | null;
  /** When a FAIL was reached, or the last part of a PASS; null otherwise. */
  readonly decidedAfterSeconds: number | null;
  readonly source: Facts['source'];
  readonly policy: Policy & {
    readonly hash: string;
  };
  readonly version: string;
  /** What the canary does to error budgets, journey by journey, where objectives cover them. */
  readonly budget?: readonly VerdictBudget[];
  /** What Kayenta's judge says of the same window, where its canary config was given. */
  readonly kayenta?: KayentaResult;
}
/** The answer of `GET /api/verdict`, which gates ask: `verdict` is `running` until the comparison is settled. */
interface VerdictAnswer extends Pick<ComparisonAnswer, 'id' | 'url' | 'outcome' | 'state' | 'reason' | 'startedAt' | 'judgedAt'> {
  readonly verdict: Outcome | 'running';
}
/** What a canary does to the error budget of a journey. */
interface VerdictBudget {
  readonly slo: string;
  /** Null: all requests of the service. */
  readonly operation: string | null;
  readonly objective: number;
  readonly windowSeconds: number;
  readonly latencySeconds: number | null;
  readonly critical: boolean;
  /** What each cohort served in the window of the comparison, and how much of it was bad. */
  readonly stable: BadCounts;
  readonly canary: BadCounts;
  /** The canary's share of these requests. */
  readonly share: number;
  /** How many times as fast as the objective allows: stable, the canary, and all of the last hour; null where these are too few to be rates. */
  readonly burn: {
    readonly stable: number | null;
    readonly canary: number | null;
    readonly service: number | null;
  };
  /** Bad requests that stable's share of bad ones would not have made. */
  readonly excess: Bounded;
  readonly excessPerMinute: number;
  /** Null where a window has room for fewer than ten bad requests: the counts are all there is to say. */
  readonly budget: Allowance | null;
  /** The share of the window's budget that the excess is; null with `budget`. */
  readonly spent: Bounded | null;
  /** How long what is left lasts at the canary's share of now; null with `budget`. */
  readonly lasts: Lasts | null;
  /** The same along the planned ramp; null where none is planned. */
  readonly rampLasts: Lasts | null;
  /** How long a full budget lasts once everybody has the canary; null with `budget`. */
  readonly fullLasts: Lasts | null;
  readonly message: string;
}
/** Options for waiting for a verdict. */
interface VerdictOptions extends Signalled {
  /** How long to wait for a verdict, in milliseconds; without it the answer may be that it is `running`. */
  readonly waitMs?: number;
}
/** The query of `GET /api/verdict`: of the newest comparison of these cohorts. */
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
/** What the attributes of the canary's requests say of a failed finding. */
interface Why {
  readonly metric: string;
  readonly operation: string | null;
  readonly bad: Bad;
  /** Above it a request is called slow: 95 % of stable's are faster. Null where it is not about latency. */
  readonly slowFromSeconds: number | null;
  /** How many attributes with a value were examined; at most a share alpha of `attributes` is wrong on average. */
  readonly examined: number;
  readonly attributes: readonly Explanation[];
}
/** The time that is judged. */
interface Window {
  /** ISO 8601, UTC. Start of the first tick and end of the last closed one. */
  readonly start: string;
  readonly end: string;
  readonly seconds: number;
  /** Whether the start stays where it is as time goes on; a sliding window is good for one look only. */
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