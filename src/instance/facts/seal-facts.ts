import type { FactName, Facts, FactsMeta } from './facts.ts'
import { UnknownFactError } from './unknown-fact.ts'

/** Every field of the facts, for completeness. */
export const FACT_NAMES = [
  'os',
  'system',
  'cmdline',
  'bootId',
  'uptimeSeconds',
  'loader',
  'units',
  'failedUnits',
  'systemState',
  'unitFiles',
  'services',
  'defaultTarget',
  'timers',
  'mounts',
  'fstab',
  'swaps',
  'listeners',
  'addresses',
  'routes',
  'dns',
  'networkRenderers',
  'staticAddresses',
  'hosts',
  'firewall',
  'hostname',
  'time',
  'locale',
  'machineId',
  'bootTimes',
  'blame',
  'modulesBlocked',
  'sysctls',
  'sysctlSettings',
  'mandatoryAccess',
  'cron',
  'remoteLogging',
  'accounts',
  'groups',
  'sudo',
  'sshd',
  'sshdFiles',
  'hostKeys',
  'packageManager',
  'packages',
  'foreignArchitectures',
  'architecture',
  'packageDb',
  'modifiedFiles',
  'pathExcludes',
  'repositories',
  'aptConfig',
  'aptPreferences',
  'archiveKeys',
  'orphans',
  'pendingUpgrades',
  'criticalFiles',
  'setuid',
  'worldWritableFiles',
  'worldWritableDirs',
  'unowned',
  'history',
  'authorizedKeys',
  'privateKeys',
  'credentials',
  'leftovers',
  'danglingLinks',
  'bootFiles',
  'cloudInit',
  'cloudInitEvents',
  'platformAgents',
  'waagentConf',
] as const satisfies readonly FactName[]

/** Compile-time proof that no field is missing from the list. */
export type Unlisted = Exclude<FactName, (typeof FACT_NAMES)[number]>
const unlisted: Unlisted[] = []
void unlisted

/** Makes every field that is absent throw when it is read. The getters are not enumerable: JSON does not see them. */
export function sealFacts(data: FactsMeta & Partial<Record<FactName, unknown>>): Facts {
  for (const name of FACT_NAMES) {
    if (data[name] !== undefined) continue
    const reason = (data.unknown[name] ??= 'this facts file does not have it').replace(/^"[^"]*" is not known: /, '')
    Object.defineProperty(data, name, {
      enumerable: false,
      configurable: true,
      get: () => {
        throw new UnknownFactError(name, reason)
      },
    })
  }
  return data as Facts
}
