import { parseEffect } from '@coalmine/comparator/defaults'
import { type PlanFacts, planText, printableJson } from '@coalmine/report'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ask } from '../client.ts'
import { withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { formatOption, milliseconds, probability } from '../options.ts'
import { addStableOptions, effectsOf, type StableOptions, stableRequest } from '../stable.ts'

interface PlanCommandOptions extends StableOptions {
  readonly share: number
  readonly effect?: readonly string[]
  readonly power: number
  readonly within?: number
  readonly runs?: number
  readonly format: 'text' | 'json'
}

const looked = ['latency=25%', 'errors=x5']

/** `coalmine plan`: estimates how long a canary must run to find a regression of a given size. */
export function planCommand(command: Command, io: Io): Command {
  return addStableOptions(command)
    .addOption(
      new Option('--share <share>', "the canary's share of the traffic")
        .argParser(share)
        .default(0.1, '10%')
        .env('COALMINE_SHARE'),
    )
    .addOption(
      new Option('--effect <regression>', `a regression to find; may be repeated (default: ${looked.join(' ')})`)
        .argParser(effect)
        .env('COALMINE_EFFECT'),
    )
    .addOption(
      new Option('--power <chance>', 'how often the answer should come in time')
        .argParser(probability)
        .default(0.9)
        .env('COALMINE_POWER'),
    )
    .addOption(
      new Option('--within <time>', 'find the smallest share that gives every answer within this time')
        .argParser(milliseconds)
        .env('COALMINE_WITHIN'),
    )
    .addOption(
      new Option(
        '--runs <count>',
        'how many canaries to simulate for each answer (default: as many as a few seconds allow)',
      )
        .argParser(wholeNumber)
        .env('COALMINE_RUNS'),
    )
    .addOption(formatOption())
    .action(async ({ share, effect: named, power, within, runs, format, ...options }: PlanCommandOptions) => {
      const request = await stableRequest(options)
      const body = {
        ...request,
        share,
        effects: await effectsOf(named, looked, request.policy),
        power,
        ...(within === undefined ? {} : { withinSeconds: within / 1000 }),
        ...(runs === undefined ? {} : { runs }),
      }
      const plan = await withServer(options, 'read', io, (server) =>
        ask(server, '/api/plan', isPlan, { body, signal: io.stop }),
      )
      io.stdout.write(format === 'json' ? `${printableJson(plan)}\n` : planText(plan, { colors: io.colors }))
    })
}

/** Collects repeated `--effect` options; the environment variable holds several, separated by spaces. */
export function effect(text: string, all: readonly string[] = []): readonly string[] {
  try {
    const each = text.trim().split(/\s+/)
    each.forEach(parseEffect)
    return [...all, ...each]
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message.replace(/^e/, 'E')}.`)
  }
}

/** Parses a share such as `10%` or `0.1`, between 0 and 1. */
export function share(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (text.trim() !== '' && value > 0 && value < 1) return value
  throw new InvalidArgumentError('Expected a share of the traffic such as 10% or 0.1.')
}

/** Parses a whole number of at least 1. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('Expected a whole number above zero.')
}

function isPlan(answer: object): answer is PlanFacts {
  return 'schema' in answer && answer.schema === 'coalmine.plan/1'
}
