import { readFile } from 'node:fs/promises'
import type { ComparisonBody, KayentaResult, Outcome, Verdict } from '@coalmine/comparator'
import { type Command, Option } from 'commander'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/** The Kayenta options of `compare`, as parsed by commander. */
export interface KayentaOptions {
  readonly kayenta?: string
  readonly judge: 'coalmine' | 'kayenta'
}

/** Adds `--kayenta` and `--judge`. */
export function addKayentaOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--kayenta <file>', 'a Kayenta canary config: show what its judge says beside the verdict').env(
        'COALMINE_KAYENTA',
      ),
    )
    .addOption(
      new Option('--judge <judge>', 'the judge that decides the exit code')
        .choices(['coalmine', 'kayenta'])
        .default('coalmine')
        .env('COALMINE_JUDGE'),
    )
}

/** Reads the named canary config as JSON. Undefined if none was named. */
export async function readKayenta({ kayenta: file, judge }: KayentaOptions): Promise<unknown> {
  if (file === undefined) {
    if (judge === 'coalmine') return undefined
    throw new CommandError('usage', '--judge kayenta needs a canary config: give it with --kayenta')
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new CommandError('usage', `--kayenta ${file}: ${why}`)
  })
  const { parseKayenta } = await import('@coalmine/comparator')
  try {
    const content: unknown = JSON.parse(text)
    parseKayenta(content, file)
    return content
  } catch (error) {
    const why = error instanceof SyntaxError ? `${file}: not JSON: ${error.message}` : (error as Error).message
    throw new CommandError('usage', why)
  }
}

/** Adds Kayenta's answer for its window to a verdict, unless the comparison is invalid. */
export async function withKayenta(
  verdict: Verdict,
  { service, stable, canary }: ComparisonBody,
  config: unknown,
  server: Server,
  signal: AbortSignal,
): Promise<Verdict> {
  if (config === undefined || verdict.verdict === 'invalid') return verdict
  const { traffic, audience, window } = verdict
  const body = { service, stable, canary, traffic, audience, start: window.start, end: window.end, config }
  return { ...verdict, kayenta: await ask(server, '/api/kayenta', isKayenta, { body, signal }) }
}

/** Returns the outcome that decides the exit code: the verdict's, or Kayenta's translated to ours. */
export function outcomeBy(judge: KayentaOptions['judge'], { verdict, kayenta }: Verdict): Outcome {
  if (judge === 'coalmine' || kayenta === undefined) return verdict
  return ({ Pass: 'pass', Marginal: 'inconclusive', Fail: 'fail' } as const)[kayenta.classification]
}

function isKayenta(answer: object): answer is KayentaResult {
  return 'classification' in answer && 'score' in answer
}
