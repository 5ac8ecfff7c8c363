import type { Account } from './account.ts'
import { PACKAGE_MANAGERS } from './package-managers.ts'
import type { PackageManagerName } from './package-managers.ts'

/** What runs on the machine, read from the machine itself. */
export interface Distribution {
  /** `ID` of os-release, for example `debian`. */
  id: string
  /** `VERSION_ID`; empty on rolling releases and Debian testing. */
  version: string
  /** `VERSION_CODENAME`; may be empty. */
  codename: string
  init: 'systemd' | 'openrc' | 'rc' | 'sysvinit'
  packageManager: PackageManagerName | undefined
}

const NAMES = Object.keys(PACKAGE_MANAGERS) as PackageManagerName[]

const SCRIPT = `: harness-distribution
if [ -d /run/systemd/system ]; then echo systemd; elif command -v openrc >/dev/null 2>&1; then echo openrc
elif [ "$(uname -s)" = FreeBSD ]; then echo rc; else echo sysvinit; fi
for p in ${NAMES.map((name) => PACKAGE_MANAGERS[name].program).join(' ')}; do command -v $p >/dev/null 2>&1 && { echo $p; break; }; done
echo ---
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || echo ID=unknown`

export async function readDistribution(account: Account): Promise<Distribution> {
  const result = await account.run(SCRIPT, { deadline: '30 seconds', check: true })
  const [head = '', ...rest] = result.stdout.split('---\n')
  const [init = '', program = ''] = head.trim().split('\n')
  const release = parseOsRelease(rest.join('---\n'))
  return {
    id: release.get('ID') ?? 'unknown',
    version: release.get('VERSION_ID') ?? '',
    codename: release.get('VERSION_CODENAME') ?? '',
    init: init === 'systemd' || init === 'openrc' || init === 'rc' ? init : 'sysvinit',
    packageManager: NAMES.find((name) => PACKAGE_MANAGERS[name].program === program),
  }
}

/** The assignments of an os-release file, unquoted. It is never run as shell. */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim())
    if (match?.[1] === undefined || match[2] === undefined) continue
    values.set(match[1], match[2].replace(/^(["'])(.*)\1$/, '$2').replaceAll(/\\(["'\\$`])/g, '$1'))
  }
  return values
}
