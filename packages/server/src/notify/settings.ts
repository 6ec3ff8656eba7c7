import type { NotifyConfig, NotifyTarget, Slo } from '@coalmine/comparator'
import { ownValue } from './people.ts'
import type { SeverityRules } from './severity.ts'

/** Values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A target with its secrets, by the keys that name their variables, or the missing ones. */
export interface TargetSettings {
  readonly name: string
  readonly target: NotifyTarget
  /** Secrets by key, such as `tokenEnv`; absent if the file does not name them. */
  readonly secrets: Readonly<Partial<Record<SecretKey, string>>>
  /** Why it is off: variables that are not set. */
  readonly missing: string | undefined
}

type SecretKey = 'urlEnv' | 'secretEnv' | 'keyEnv' | 'tokenEnv' | 'passwordEnv'
const secretKeys: readonly SecretKey[] = ['urlEnv', 'secretEnv', 'keyEnv', 'tokenEnv', 'passwordEnv']

/** Resolves the secrets of targets from the environment. Only targets that lack secrets are off. */
export function targetSettings({ targets }: NotifyConfig, environment: Environment): readonly TargetSettings[] {
  return Object.entries(targets).map(([name, target]) => {
    const named = Object.entries(target).filter((entry): entry is [SecretKey, string] =>
      (secretKeys as readonly string[]).includes(entry[0]),
    )
    const unset = named.map(([, variable]) => variable).filter((variable) => !environment[variable])
    const wrongUrl = named.find(
      ([key, variable]) => key === 'urlEnv' && environment[variable] && !isUrl(environment[variable]),
    )
    return {
      name,
      target,
      secrets: Object.fromEntries(named.map(([key, variable]) => [key, environment[variable]?.trim() ?? ''])),
      missing:
        unset.length > 0
          ? `${unset.join(', ')} ${unset.length === 1 ? 'is' : 'are'} not set in the environment`
          : wrongUrl && `${wrongUrl[1]} does not contain a URL`,
    }
  })
}

function isUrl(text: string): boolean {
  return URL.canParse(text.trim()) && /^https?:$/.test(new URL(text.trim()).protocol)
}

/** All secrets, which are never shown. */
export function secretsOf(settings: readonly TargetSettings[]): readonly string[] {
  return settings.flatMap(({ secrets }) => Object.values(secrets))
}

/** The rules of severity that a file sets; journeys of error budgets may be critical, too. */
export function severityRules({ services = {}, pageFrom = 10 }: NotifyConfig, slos: readonly Slo[]): SeverityRules {
  const critical = slos.filter((slo) => slo.critical)
  return {
    isCritical: (service, operation) =>
      (ownValue(services, service)?.critical?.includes(operation) ?? false) ||
      critical.some(
        (slo) => slo.service === service && (typeof slo.journeys === 'string' || slo.journeys.includes(operation)),
      ),
    pageFrom,
  }
}
