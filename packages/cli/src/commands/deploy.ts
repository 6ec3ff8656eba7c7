import { spawnSync } from 'node:child_process'
import type { Build } from '@coalmine/marks'
import { printable, printableJson } from '@coalmine/report/printable'
import type { Change, ChangeBody } from '@coalmine/server'
import { type Command, Option } from 'commander'
import { ask } from '../client.ts'
import { CommandError } from '../exit-codes.ts'
import { type SpanSource, withServer } from '../host.ts'
import type { Io } from '../io.ts'
import { addServerOptions, count, httpUrl, moment } from '../options.ts'

interface DeployOptions extends SpanSource {
  readonly service?: string
  readonly version?: string
  readonly commit?: string
  readonly author?: string
  readonly mergedBy?: string
  readonly change?: string
  readonly changes?: number
  readonly environment?: string
  readonly what?: string
  readonly committedAt?: string
  readonly at?: string
  readonly format: 'text' | 'json'
}

/** `coalmine deploy`: reports to the timeline that a build goes live, and who made it. */
export function deployCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command
      .addOption(
        new Option('--service <name>', 'the service that is deployed, by its name on spans').env('COALMINE_SERVICE'),
      )
      .addOption(
        new Option('--version <version>', 'the build, by the service.version of its spans').env('COALMINE_VERSION'),
      )
      .addOption(new Option('--commit <sha>', 'the revision that it was built from'))
      .addOption(new Option('--author <name>', 'who wrote the change'))
      .addOption(new Option('--merged-by <name>', 'who merged it'))
      .addOption(new Option('--change <url>', 'the URL of the change, such as a pull request').argParser(httpUrl))
      .addOption(new Option('--changes <n>', 'how many changes it adds to the build before').argParser(count))
      .addOption(
        new Option('--environment <name>', 'where it is deployed, such as production').env('COALMINE_ENVIRONMENT'),
      )
      .addOption(new Option('--what <text>', 'a remark, in one line'))
      .addOption(
        new Option(
          '--committed-at <moment>',
          'when the change was committed (default: from git, by --commit)',
        ).argParser(moment),
      )
      .addOption(new Option('--at <moment>', 'when it was deployed (default: now)').argParser(moment)),
  )
    .addHelpText(
      'after',
      `
Options that you leave out are taken from the variables of GitHub Actions, GitLab CI and other pipelines, and from the
git checkout. If you report the same deploy twice, it still counts once.

Examples:
  coalmine deploy --server https://coalmine.example --service checkout --version 2.0.0
  coalmine deploy --service checkout --version 2.0.0 --author maria --merged-by noah --change https://example.com/pull/7`,
    )
    .action((options: DeployOptions) => report(options, io))
}

async function report(options: DeployOptions, io: Io): Promise<void> {
  // Imported here, because only this command needs it.
  const { detectBuild } = await import('@coalmine/marks')
  const body = deployOf(options, detectBuild({ env: io.env }), io.env)
  const { change } = await withServer(options, 'write', io, (server) =>
    ask(server, '/api/changes', isAnswer, { body, signal: io.stop }),
  )
  io.stdout.write(options.format === 'json' ? `${printableJson(change)}\n` : textOf(change))
}

/** The deploy as given by options, otherwise as detected from the pipeline and the checkout. */
function deployOf(
  { service, version, commit, author, mergedBy, change, changes, environment, what, committedAt, at }: DeployOptions,
  build: Build,
  env: Io['env'],
): ChangeBody {
  const named = service ?? build.service
  if (named === undefined)
    throw new CommandError('usage', '--service is missing: name what is deployed, by the service.name of its spans')
  const built = version ?? build.version
  const revision = commit ?? build.revision
  if (built === undefined && revision === undefined)
    throw new CommandError(
      'usage',
      '--version is missing: name the build that is deployed, by the service.version of its spans',
    )
  const known = {
    version: built,
    commit: revision,
    author: author ?? build.author,
    mergedBy: mergedBy ?? build.merger,
    url: change ?? changeUrl(build),
    changes: changes ?? build.changes,
    environment: environment ?? env['CI_ENVIRONMENT_NAME'],
    what,
    committedAt:
      committedAt ?? env['CI_COMMIT_TIMESTAMP'] ?? (revision === undefined ? undefined : commitTime(revision)),
    at,
  }
  return {
    kind: 'deploy',
    service: named,
    source: 'cli',
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== '')),
  }
}

/** When a revision was committed. Undefined if the current folder is not a checkout that contains it. */
function commitTime(revision: string): string | undefined {
  if (!/^[0-9a-f]{7,64}$/i.test(revision)) return undefined
  const { status, stdout } = spawnSync('git', ['show', '-s', '--format=%cI', revision], { encoding: 'utf8' })
  const text = status === 0 ? stdout.trim() : ''
  return Number.isNaN(Date.parse(text)) ? undefined : text
}

/** The URL of a pull or merge request that a pipeline gives by number. */
function changeUrl({ repository, change }: Build): string | undefined {
  if (repository === undefined || change === undefined || !/^https?:\/\//.test(repository)) return undefined
  if (/^https?:\/\//.test(change)) return change
  return repository.includes('gitlab') ? `${repository}/-/merge_requests/${change}` : `${repository}/pull/${change}`
}

interface Answer {
  readonly change: Change
}

const isAnswer = (answer: object): answer is Answer =>
  'change' in answer && typeof answer.change === 'object' && answer.change !== null

function textOf({ service, version, commit, author, mergedBy, url, environment }: Change): string {
  const said = [
    author && `written by ${author}`,
    mergedBy && `merged by ${mergedBy}`,
    commit && `commit ${commit.slice(0, 12)}`,
    url,
  ].filter((one) => one !== '')
  const where = environment ? ` to ${environment}` : ''
  return `${printable(`deploy of ${service}${version && ` ${version}`}${where} is on the timeline${said.length > 0 ? `: ${said.join(', ')}` : ''}`)}\n`
}
