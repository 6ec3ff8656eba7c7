import type { Outcome } from '@coalmine/comparator'
import { printableLines } from '@coalmine/report/printable'
import { Command } from 'commander'
import { type CommandTrouble, exitCodesHelp } from './exit-codes.ts'
import type { Io } from './io.ts'
import { version } from './version.ts'

/** Receives the result that determines the exit code. */
type Exit = (result: Outcome | CommandTrouble) => void

/** A command as `coalmine --help` lists it; `load` gives the function that adds its options and what it does. */
interface Listed {
  readonly description: string
  readonly load: () => Promise<(command: Command, io: Io, exit: Exit) => Command>
}

/** Every command, in the order and under the headings of `--help`. Only the one that is called is loaded. */
const groups: Readonly<Record<string, Readonly<Record<string, Listed>>>> = {
  'Judge a release:': {
    compare: {
      description: 'judge a canary once, from the spans that have arrived',
      load: async () => (await import('./commands/compare.ts')).compareCommand,
    },
    watch: {
      description: 'judge a canary every 5 s while it runs (span metrics: every 15 s); stops at FAIL or INVALID',
      load: async () => (await import('./commands/watch.ts')).watchCommand,
    },
    rollout: {
      description: 'give a new build to more and more users, and take it back when it is worse',
      load: async () => (await import('./commands/rollout.ts')).rolloutCommand,
    },
    report: {
      description: 'write a verdict, of a comparison or from a JSON file, in another format',
      load: async () => (await import('./commands/report.ts')).reportCommand,
    },
    url: {
      description: "print the link to a comparison's page, even before it starts",
      load: async () => (await import('./commands/url.ts')).urlCommand,
    },
  },
  'Say what you expect, and whom to tell:': {
    init: {
      description: 'write a coalmine.yaml from what the store has seen: service, builds, operations',
      load: async () => (await import('./commands/init.ts')).initCommand,
    },
    check: {
      description: 'check a coalmine.yaml, and say in plain words what it judges',
      load: async () => (await import('./commands/check.ts')).checkCommand,
    },
    notify: {
      description: 'show which notifications are waiting or have failed; --test sends one to each target',
      load: async () => (await import('./commands/notify.ts')).notifyCommand,
    },
  },
  'Look at a service:': {
    plan: {
      description: "estimate how long a canary must run, from stable's traffic in the store",
      load: async () => (await import('./commands/plan.ts')).planCommand,
    },
    calibrate: {
      description: "replay canaries on stable's traffic: false alarms, detection times, and margins",
      load: async () => (await import('./commands/calibrate.ts')).calibrateCommand,
    },
    slo: {
      description: 'show error budgets: how much is left, which build burns it and how fast, and how long it lasts',
      load: async () => (await import('./commands/slo.ts')).sloCommand,
    },
    doctor: {
      description: 'show which marks a service sends, from which builds and SDKs, and what is missing',
      load: async () => (await import('./commands/doctor.ts')).doctorCommand,
    },
    dora: {
      description:
        'show how often a service is deployed, how long a change takes, and how often it fails: the five DORA metrics',
      load: async () => (await import('./commands/dora.ts')).doraCommand,
    },
    flags: {
      description: 'show which flags users still meet, with which variants, and which can go',
      load: async () => (await import('./commands/flags.ts')).flagsCommand,
    },
    runs: {
      description:
        'show what test runs did: who ran them, why they ended, what they touched, and whether they hurt users',
      load: async () => (await import('./commands/runs.ts')).runsCommand,
    },
  },
  'Bring spans and changes in:': {
    serve: {
      description: 'receive spans over OTLP, store them, and answer comparisons',
      load: async () => (await import('./commands/serve.ts')).serveCommand,
    },
    import: {
      description:
        "store the spans of files: OTLP (JSON or protobuf, as the Collector's file exporter writes it), JSON of Jaeger, Tempo or Zipkin, Parquet, or CSV",
      load: async () => (await import('./commands/import.ts')).importCommand,
    },
    deploy: {
      description: 'report a deploy: which build of what, who wrote and who merged it',
      load: async () => (await import('./commands/deploy.ts')).deployCommand,
    },
    sign: {
      description: 'sign a marker of test traffic, for the requests of one test run',
      load: async () => (await import('./commands/sign.ts')).signCommand,
    },
    store: {
      description: 'show what the store holds, how much disk it takes, and how far back it goes',
      load: async () => (await import('./commands/store.ts')).storeCommand,
    },
  },
  'Try it:': {
    demo: {
      description: 'see it work: real services and traffic, one bad canary and one good one',
      load: async () => (await import('./commands/demo.ts')).demoCommand,
    },
  },
}

/** Builds the command line for these arguments, with the options of the command that they name alone. */
export async function program(argv: readonly string[], io: Io, exit: Exit): Promise<Command> {
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
  // No option of the program itself takes a value, so the first word is the command.
  const called = argv.find((word) => !word.startsWith('-') && word !== 'help')
  for (const [heading, commands] of Object.entries(groups)) {
    coalmine.commandsGroup(heading)
    for (const [name, { description, load }] of Object.entries(commands)) {
      const command = coalmine.command(name).description(description)
      if (name === called) (await load())(command, io, exit)
    }
  }
  // Until they are loaded, commands have neither options nor arguments to list.
  return coalmine.configureHelp({ subcommandTerm: (command) => command.name() })
}
