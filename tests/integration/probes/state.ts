import type { Instance } from '../../../src/testing/index.ts'

/** What a second run of the agent could have changed. */
export interface SystemState {
  /** Path below /etc to a digest of its content, mode and owner. */
  files: Map<string, string>
  /** Names of accounts and members of groups. */
  accounts: string[]
}

/** Reads it in one round trip, without secrets: shadow counts by account names only. */
export async function readState(instance: Instance): Promise<SystemState> {
  const result = await instance.root.run(
    `find /etc -xdev -type f ! -name shadow ! -name gshadow -exec sha256sum {} + && echo --- &&
     find /etc -xdev \\( -type f -o -type l \\) -exec stat -c '%a %U:%G %N' {} + && echo --- &&
     cut -d: -f1,3,4,6,7 /etc/passwd && cut -d: -f1,3,4 /etc/group && cut -d: -f1 /etc/shadow`,
    { deadline: '30 seconds', check: true },
  )
  const [sums = '', modes = '', accounts = ''] = result.stdout.split('---\n')
  const files = new Map<string, string>()
  for (const line of sums.split('\n')) {
    const match = /^([0-9a-f]{64}) [ *](.*)$/.exec(line)
    if (match?.[1] && match[2]) files.set(match[2], match[1])
  }
  for (const line of modes.split('\n')) {
    const match = /^(\d+ \S+) '([^']+)'(.*)$/.exec(line)
    if (match?.[1] && match[2]) files.set(match[2], `${match[1]} ${files.get(match[2]) ?? ''}${match[3]}`)
  }
  return { files, accounts: accounts.trim().split('\n') }
}
