import { userInfo } from 'node:os'
import { printableJson } from '@coalmine/report/printable'
import { type Command, Option } from 'commander'
import { type SpanSource, withServer } from '../host.ts'
import { type Io, tell } from '../io.ts'
import { addServerOptions } from '../options.ts'
import { revokeOption, revokeRun } from '../test-runs.ts'

interface RevokeOptions extends SpanSource {
  readonly revoke?: string
  readonly why?: string
  readonly by?: string
  readonly format: 'text' | 'json'
}

/** `coalmine runs revoke`: stops a test run. */
export function runsRevokeCommand(command: Command, io: Io): Command {
  return addServerOptions(
    command
      .description(
        'stop a test run: services refuse its markers a quarter of a second after it is in the revocation file',
      )
      .argument('<run>', 'the run, such as load-7')
      .addOption(revokeOption())
      .option('--why <text>', 'the reason, for those who look later')
      .addOption(
        new Option('--by <name>', 'who revokes it (default: the user who runs this)').env('COALMINE_RUN_OWNER'),
      ),
  ).action(async (run: string, { revoke: file, why = 'no reason was given', by, format, ...source }: RevokeOptions) => {
    const said = { by: by ?? userName(), why, file }
    const revoked = await withServer(source, 'write', io, (server) => revokeRun(server, run, said))
    if (revoked === undefined) tell(io, `the store has seen nothing of ${run}; it is revoked in ${file} anyway`)
    if (format === 'json') io.stdout.write(`${printableJson(revoked ?? { run, state: 'revoked' })}\n`)
    else if (revoked) io.stdout.write(`${run} is revoked\n`)
  })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // The user of a container may have no name.
    return 'somebody'
  }
}
