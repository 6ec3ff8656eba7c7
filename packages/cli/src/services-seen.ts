import { noSuchService, someOf } from '@coalmine/comparator/answers'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'

/**
 * Returns the named service, or the only one that the store has seen. Throws a CommandError of kind `no-data` if the named
 * one was never seen, and of kind `usage` if none is named and there are none or several; both name those that were seen.
 */
export async function serviceSeen(server: Server, named: string | undefined, signal: AbortSignal): Promise<string> {
  const { services } = await ask(server, '/api/known', isServices, { signal })
  const service = named ?? (services.length === 1 ? services[0] : undefined)
  if (service !== undefined && services.includes(service)) return service
  if (named !== undefined) throw new CommandError('no-data', noSuchService(named, services))
  const seen = services.length > 0 ? `The store has seen: ${someOf(services)}` : 'The store has seen no services yet'
  throw new CommandError('usage', `--service is missing. ${seen}.`)
}

const isServices = (answer: object): answer is { readonly services: readonly string[] } =>
  'services' in answer && Array.isArray(answer.services)
