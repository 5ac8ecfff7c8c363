import type { Instance } from '../../../src/testing/index.ts'

const SOURCES = [
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d/*',
  '/etc/apt/mirrors/*',
  '/etc/yum.repos.d/*.repo',
  '/etc/zypp/repos.d/*.repo',
  '/etc/apk/repositories',
  '/etc/pkg/*.conf',
]

/** Host names of the archives the image is configured with. */
export async function archiveHosts(instance: Instance): Promise<string[]> {
  const result = await instance.root.run(`cat ${SOURCES.join(' ')} 2>/dev/null`)
  return result.stdout
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .flatMap((line) => [...line.matchAll(/\b(?:https?|ftp):\/\/([A-Za-z0-9.-]+)/g)].map((match) => match[1] ?? ''))
    .filter((host) => /[a-z]/i.test(host))
}
