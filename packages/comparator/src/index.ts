// Judging

export { type Doubts, type Judged, judge, judgeInSteps, judgeToGoOn } from './judge.ts'
export type { NextTicks, ServedTick } from './running/next-ticks.ts'
export type { TickLook } from './running/tick-look.ts'
export { requestCount, type Side, type Slice } from './slice.ts'
export { atOnce, type Steps } from './steps.ts'
export { tickMs } from './tick.ts'

// A canary without a stable beside it

export { earlierDay, fewestDays, policyAgainstDays, slicesAgainst } from './before-after.ts'
export type { EarlierDay } from './facts.ts'

// Charts and tables beside a verdict

export type {
  ByTime,
  Charts,
  DistributionChart,
  EffectOverTime,
  EffectPoint,
  Levels,
  MetricChart,
  MetricEvidence,
  OperationRow,
  OperationSide,
  Quantiles,
  RateLevels,
  ScopeChart,
  TotalEvidence,
  ValueLevels,
} from './charts/charts.ts'
export { chartsOf } from './charts/charts-of.ts'
export { callRows } from './charts/operations.ts'
export {
  type Dora,
  type DoraAnswer,
  type DoraDeploy,
  type DoraFailure,
  type DoraMedian,
  doraOf,
} from './dora/dora.ts'

// Flags

export { type FlagReference, type FlagRemoval, flagRemoval } from './flags/flag-removal.ts'
export type {
  FlagBuild,
  FlagChangeVerdict,
  FlagComparison,
  FlagLastChange,
  FlagReport,
  FlagState,
  FlagsAnswer,
  FlagVariant,
} from './flags/flag-report.ts'
export { type FlagDays, type FlagRule, type FlagRules, flagRuleOf, usualFlagRules } from './flags/flag-rules.ts'
export { type FlagMinuteSeen, type FlagTurn, flagTurns, turnBlockMs, turnWindowMs } from './flags/flag-turns.ts'
export { daysToRead, type FlagChangeSeen, type FlagComparisonSeen, flagsOf } from './flags/flags.ts'
export { type FlagInput, type FlagsInput, readFlags } from './policy/flags-schema.ts'

// What is judged, and how strictly

export { closest } from './policy/closest.ts'
export type { ComparisonBody } from './policy/comparison-body.ts'
export { type Config, parseConfig } from './policy/config.ts'
export { formatMargin, type Margin, type MarginForm } from './policy/margin.ts'
export { type Measure, metricNameOf } from './policy/measure.ts'
export { type MetricPolicy, metricPolicyOf } from './policy/metric-policy.ts'
export type { Expect, Gate, GateInput, MetricInput } from './policy/metric-schema.ts'
export type { Mode } from './policy/mode.ts'
export type {
  AlertmanagerTarget,
  GitHubTarget,
  GrafanaTarget,
  NotifyConfig,
  NotifyEvent,
  NotifyService,
  NotifyTarget,
  PagerDutyTarget,
  SlackTarget,
  WebhookTarget,
} from './policy/notify-schema.ts'
export { defaultPolicy, type Policy, type PolicyInput, type PolicyResult, parsePolicy } from './policy/policy.ts'
export { type PolicyProblem, problemsText } from './policy/policy-schema.ts'
export { type ComparedScope, comparedScopes, type Traffic, traffics } from './policy/traffic.ts'
export { type Described, describeErrors, describePolicy } from './verdict/describe-policy.ts'

// Error budgets

export { type BurnAlert, burnAlertsOf, burnKey } from './budget/burn-alert.ts'
export type { BadCounts, BuildCounts, Burn, BurnWindow } from './budget/counts.ts'
export { describeSlo } from './budget/describe-slo.ts'
export type { Allowance, CohortBudget, Excess, JourneyBudget } from './budget/journey.ts'
export { type JourneyCounts, journeyBudget } from './budget/journey-budget.ts'
export type { Lasts } from './budget/lasts.ts'
export type { RampStage, Slo } from './budget/slo.ts'
export type { SloAnswer, SloBody } from './budget/slo-answer.ts'
export { type Bounded, budgetHypotheses, type VerdictBudget, verdictBudget } from './budget/verdict-budget.ts'
export { readOpenSlo } from './policy/open-slo.ts'
export { parseRamp } from './policy/ramp.ts'
export { readSlos, type SloInput, type SlosRead } from './policy/slo-schema.ts'

// Kayenta's judge, for those who migrate from it

export type { KayentaClassification, KayentaLabel } from './kayenta/classify.ts'
export { type KayentaConfig, type KayentaMetric, parseKayenta } from './kayenta/config.ts'
export { judgeAsKayenta, type KayentaFinding, type KayentaResult, type KayentaSeries } from './kayenta/judge.ts'
export { minuteSeries } from './kayenta/minutes.ts'
export type { KayentaGroup, KayentaScore } from './kayenta/score.ts'

// Causes of a FAIL

export { type AttributeCounts, type Bad, type Explanation, explanationsOf } from './why/explanations.ts'
export {
  enoughRequests,
  type MetFlag,
  metFlags,
  mostFlags,
  onlyMetric,
  type Split,
  variantsOf,
} from './why/flags-met.ts'
export type { Cell, FlagTraffic } from './why/four-cells.ts'
export {
  type Carries,
  type CellEffect,
  type CellEffects,
  type Interaction,
  interactionsOf,
  notSeparable,
} from './why/interaction.ts'
export type { Regressed } from './why/regressed.ts'
export { worstOf } from './why/worst-finding.ts'

// Two plain series of numbers

export { defaultSeriesPolicy, judgeSeries } from './plain/judge-series.ts'
export { type PlainSeries, readSeries } from './plain/read-series.ts'
export type { SeriesPolicy, SeriesSide, SeriesVerdict } from './plain/series-verdict.ts'

// Replays of a policy on existing traffic

export { type BaselineOperation, baselineOf } from './replay/baseline.ts'
export { type Calibration, type CalibrationRow, calibrationRow } from './replay/calibration.ts'
export { cellsOf, type TrafficCell } from './replay/cells.ts'
export { type Effect, parseEffect } from './replay/effect.ts'
export { type InstanceTraffic, type Placebo, type RecommendedMargin, replayInstances } from './replay/placebo.ts'
export {
  canaryOf,
  finished,
  type Plan,
  type PlannedCanary,
  type PlannedFinding,
  type PlannedTime,
  type PlanOptions,
  planOf,
} from './replay/plan.ts'
export { type ReplayAnswer, replaySplits, type SplitOptions } from './replay/split.ts'

// Facts of a comparison

export type {
  BuildFacts,
  ErrorTypeTick,
  FairnessFacts,
  HeaviestUsers,
  InstanceCell,
  InstanceFacts,
  SampleFacts,
  SamplingShare,
  SpanMetricsFacts,
  SpanTick,
  ValueCounts,
  ValueFacts,
} from './facts.ts'
export { plainFacts } from './plain-facts.ts'

// The answer

export type { BeforeAfter, CohortFacts, Facts, FlagShare, Window } from './facts.ts'
export type { Coverage } from './fairness/coverage.ts'
export type { Hosts, OutOfLine } from './fairness/hosts.ts'
export { noSuchService } from './fairness/no-such-service.ts'
export type {
  Decision,
  Evidence,
  Finding,
  FindingSide,
  FlagDifference,
  Part,
  PartEvidence,
  ProvedWithin,
} from './finding.ts'
export type { Reason, ReasonCode } from './reason.ts'
export type { Assumption } from './verdict/assumes.ts'
export { shareOfNeeded } from './verdict/evidence.ts'
export type { Hypothesis } from './verdict/hypotheses.ts'
export type { Missing, TooFew } from './verdict/missing.ts'
export type { Advisory, Outcome } from './verdict/outcome.ts'
export { type Progress, progressOf } from './verdict/progress.ts'
export type { Proves } from './verdict/proves.ts'
export type { Exemplar, Exemplars, Verdict, Why } from './verdict/verdict.ts'
export type { ErrorType } from './why/error-types.ts'
export type { StructureChange } from './why/structure.ts'

// Running comparisons, in the form of the server's API

export type {
  ComparisonEvent,
  ComparisonEvents,
  EndedEvent,
  LookEvent,
  OutcomeEvent,
  StartedEvent,
} from './running/comparison-event.ts'
export type {
  ComparisonAnswer,
  ComparisonList,
  ComparisonState,
  EndReason,
  JudgedComparison,
  Look,
} from './running/comparison-state.ts'
export type { RunLimits } from './running/run-limits.ts'
export type { StartBody } from './running/start-body.ts'
export type { VerdictAnswer, VerdictQuery } from './running/verdict-answer.ts'

// The effect of test runs on users

export type {
  RevokeBody,
  RunRevocation,
  RunState,
  RunsAnswer,
  ServiceUsers,
  TestRunAnswer,
  UsersEffect,
  UsersFinding,
  UsersLevel,
  UsersOutcome,
} from './test-runs/answers.ts'
export { effectOnService, type UsersAround } from './test-runs/effect-on-users.ts'
export { blockMs, type UsersBlock } from './test-runs/users-block.ts'
export { type MatchedTimes, usersEffect } from './test-runs/users-effect.ts'

// Rollouts

export type {
  BackReason,
  RolloutAnswer,
  RolloutBody,
  RolloutCommandBody,
  RolloutHistory,
  RolloutList,
  RolloutPhase,
  RolloutStageAnswer,
  RolloutStep,
} from './rollout/answers.ts'
export {
  type ActuatorPlan,
  type Amount,
  amountAt,
  amountText,
  type CommandActuator,
  type FlagdActuator,
  type HaproxyActuator,
  isWhole,
  type LaunchDarklyActuator,
  nothingOf,
  type RolloutPlan,
  type RolloutStage,
  type StageGate,
  type StageOtherwise,
  type UnleashActuator,
  type WebhookActuator,
} from './rollout/plan.ts'
export { type RolloutRead, readRollout } from './rollout/plan-schema.ts'
export { plannedRamp } from './rollout/planned-ramp.ts'
export { isInWindow, parseTimeWindow, type TimeWindow } from './rollout/time-window.ts'
