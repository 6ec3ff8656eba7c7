import type { Outcome } from '@coalmine/comparator'
import { printableLines } from '@coalmine/report'
import { Command } from 'commander'
import { calibrateCommand } from './commands/calibrate.ts'
import { checkCommand } from './commands/check.ts'
import { compareCommand } from './commands/compare.ts'
import { demoCommand } from './commands/demo.ts'
import { deployCommand } from './commands/deploy.ts'
import { doctorCommand } from './commands/doctor.ts'
import { doraCommand } from './commands/dora.ts'
import { flagsCommand } from './commands/flags.ts'
import { importCommand } from './commands/import.ts'
import { initCommand } from './commands/init.ts'
import { notifyCommand } from './commands/notify.ts'
import { planCommand } from './commands/plan.ts'
import { reportCommand } from './commands/report.ts'
import { rolloutCommand } from './commands/rollout.ts'
import { runsCommand } from './commands/runs.ts'
import { serveCommand } from './commands/serve.ts'
import { signCommand } from './commands/sign.ts'
import { sloCommand } from './commands/slo.ts'
import { storeCommand } from './commands/store.ts'
import { urlCommand } from './commands/url.ts'
import { watchCommand } from './commands/watch.ts'
import { type CommandTrouble, exitCodesHelp } from './exit-codes.ts'
import type { Io } from './io.ts'
import { version } from './version.ts'

/** Builds the whole command line. `exit` receives the result that determines the exit code. */
export function program(io: Io, exit: (result: Outcome | CommandTrouble) => void): Command {
  const coalmine = new Command('coalmine')
    .description('Is this release safe? Judges a canary against stable from their OpenTelemetry spans.')
    .version(version)
    .exitOverride()
    // Options after a command belong to it: `--version` may mean a build's version.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what it takes)')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(printableLines(text.replace(/^error: /, 'coalmine: '))),
      getOutHasColors: () => io.colors,
    })
    .addHelpText(
      'after',
      `
Examples:
  coalmine demo
  coalmine serve
  coalmine watch --service checkout --stable service.version=1.9.0 --canary service.version=2.0.0
  coalmine compare --service checkout --stable flag:new-pricing=off --canary flag:new-pricing=on --from spans.jsonl
${exitCodesHelp}`,
    )
  coalmine.commandsGroup('Judge a release:')
  compareCommand(coalmine.command('compare'), io, exit)
  watchCommand(coalmine.command('watch'), io, exit)
  rolloutCommand(coalmine.command('rollout'), io, exit)
  reportCommand(coalmine.command('report'), io)
  urlCommand(coalmine.command('url'), io)
  coalmine.commandsGroup('Say what you expect, and whom to tell:')
  initCommand(coalmine.command('init'), io)
  checkCommand(coalmine.command('check'), io)
  notifyCommand(coalmine.command('notify'), io)
  coalmine.commandsGroup('Look at a service:')
  planCommand(coalmine.command('plan'), io)
  calibrateCommand(coalmine.command('calibrate'), io)
  sloCommand(coalmine.command('slo'), io)
  doctorCommand(coalmine.command('doctor'), io)
  doraCommand(coalmine.command('dora'), io)
  flagsCommand(coalmine.command('flags'), io, exit)
  runsCommand(coalmine.command('runs'), io, exit)
  coalmine.commandsGroup('Bring spans and changes in:')
  serveCommand(coalmine.command('serve'), io)
  importCommand(coalmine.command('import'), io, exit)
  deployCommand(coalmine.command('deploy'), io)
  signCommand(coalmine.command('sign'), io)
  storeCommand(coalmine.command('store'), io)
  coalmine.commandsGroup('Try it:')
  demoCommand(coalmine.command('demo'), io)
  return coalmine
}
