import type { RolloutAnswer, RolloutHistory, RolloutStageAnswer } from '@coalmine/comparator'
import { duration } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { type Ink, stamp } from './ink.ts'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/** Options for text about rollouts. */
export interface RolloutTextOptions {
  readonly colors: boolean
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Formats the state of a rollout, stage by stage, and what it is waiting for.
 *
 * @example rolloutText(answer, { colors: false, nowMs: Date.now() }) // 'BAKING  shop: service.version=2 ...'
 */
export function rolloutText(untrusted: RolloutAnswer, { colors, nowMs }: RolloutTextOptions): string {
  const one = printableData(untrusted)
  const ink = pc.createColors(colors)
  const { id, service, stable, canary, stages, stageSince, back, url, endedAt } = one
  const rows = stages.map((stage, at) => [
    signOf(stage, ink),
    ink.bold(stage.amount),
    ink.dim(asked(stage)),
    at + 1 === one.stage && endedAt === null && stageSince !== null
      ? `for ${duration((nowMs - Date.parse(stageSince)) / 1000)}`
      : '',
  ])
  const lines = [
    `${phaseText(one, ink)}  ${service}: ${canary} beside ${stable}  ${ink.dim(id)}`,
    '',
    ...table(rows).map((line) => `  ${line}`.trimEnd()),
    '',
  ]
  if (back)
    lines.push(
      `${endedAt === null ? 'Rolling' : 'Rolled'} back: ${back.reason}${back.by === null ? '' : ` (${back.by})`}`,
    )
  if (endedAt === null) lines.push(`Waiting for: ${one.waitsFor}`)
  if (one.comparison !== null)
    lines.push(
      `${one.outcome === null ? 'Not judged yet' : stamp(one.outcome, ink)}  ${ink.dim(one.comparisonUrl ?? '')}`,
    )
  if (url !== '') lines.push(ink.dim(url))
  lines.push('')
  return lines.join('\n')
}

/** Formats the history of a rollout, one line per event. */
export function rolloutHistoryText(untrusted: RolloutHistory, { colors }: Pick<RolloutTextOptions, 'colors'>): string {
  const { steps } = printableData(untrusted)
  const ink = pc.createColors(colors)
  const rows = steps.map(({ at, text, by }) => [ink.dim(at.replace(/\.\d+Z$/, 'Z')), by === null ? '' : by, text])
  return `${table(rows).join('\n')}\n`
}

/** What a rollout is doing now, in a few words, for a progress line. */
export function rolloutLine({ stage, stages, waitsFor, outcome, phase }: RolloutAnswer): string {
  const where = stage === 0 ? phase : `stage ${stage} of ${stages.length} (${stages[stage - 1]!.amount})`
  return `${where}${outcome === null ? '' : `, ${outcome.toUpperCase()}`}; waiting for ${waitsFor}`
}

function phaseText({ phase, isPaused, endedAt }: RolloutAnswer, ink: Ink): string {
  const word = isPaused && endedAt === null ? 'paused' : phase
  const paint =
    word === 'completed'
      ? ink.green
      : word === 'rolled-back' || word === 'rolling-back' || word === 'stuck'
        ? ink.red
        : ink.yellow
  return ink.bold(paint(word.toUpperCase().replace('-', ' ')))
}

function signOf({ state }: RolloutStageAnswer, ink: Ink): string {
  return state === 'done' ? ink.green('✓') : state === 'now' ? ink.yellow('▸') : ' '
}

function asked({ isWhole, bakeMs, gate, approve, deadlineMs, otherwise }: RolloutStageAnswer): string {
  if (isWhole) return 'everybody'
  const wanted = gate === 'pass' ? 'a PASS' : 'no FAIL'
  const then = otherwise === 'hold' ? 'wait' : 'roll back'
  const after = `${wanted} after ${duration(bakeMs / 1000)}, else ${then} after ${duration(deadlineMs / 1000)}`
  return approve ? `${after}; somebody approves` : after
}
