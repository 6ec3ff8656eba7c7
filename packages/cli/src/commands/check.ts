import type { Config, NotifyConfig, Slo } from '@coalmine/comparator'
import { describeErrors, describePolicy, describeSlo } from '@coalmine/comparator/answers'
import { printableLines, table } from '@coalmine/report'
import type { Command } from 'commander'
import { defaultConfig, readConfigFile } from '../config-file.ts'
import type { Io } from '../io.ts'
import { parsedSlosOf } from '../slos.ts'

/** `coalmine check`: explains in words what a coalmine.yaml would judge. */
export function checkCommand(command: Command, io: Io): Command {
  return command.argument('[file]', 'the file', defaultConfig).action(async (file: string) => {
    const config = await readConfigFile(file)
    io.stdout.write(printableLines(await description(file, config, await parsedSlosOf(config, { config: file }))))
  })
}

async function description(
  file: string,
  { service, stable, canary, parsed, notify }: Config,
  slos: readonly Slo[],
): Promise<string> {
  const rows = describePolicy(parsed).map(({ metric, asked, gate, reason }) => [
    metric,
    asked,
    gate,
    ...(reason === null ? [] : [`"${reason}"`]),
  ])
  return [
    `${file} is valid.`,
    '',
    `${service ?? '(--service)'}: ${canary ?? '(--canary)'} against ${stable ?? '(--stable)'}`,
    '',
    ...table(rows).map((line) => `  ${line}`),
    '',
    ...describeErrors(parsed),
    ...(notify ? ['', ...(await toldLines(notify))] : []),
    ...(slos.length > 0 ? ['', 'Error budgets:', ...slos.map((slo) => `  ${describeSlo(slo)}`)] : []),
    '',
  ].join('\n')
}

/** Lists which targets are notified of which outcomes. */
async function toldLines({ targets }: NotifyConfig): Promise<string[]> {
  const { usualEvents } = await import('@coalmine/server')
  const rows = Object.entries(targets).map(([name, { type, on = usualEvents[type], services }]) => [
    name,
    type,
    on.join(', '),
    services === undefined ? '' : `of ${services.join(', ')}`,
  ])
  return ['Notified of comparisons that "coalmine serve" runs:', ...table(rows).map((line) => `  ${line}`)]
}
