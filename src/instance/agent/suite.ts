import { ConfigError, UnsupportedError } from '../../core/errors.ts'
import { APT_GET } from './archive.ts'
import type { UpgradeWork } from './upgrade.ts'

const SOURCES = '/etc/apt/sources.list.d/harness-agent.sources'
const PREFERENCES = '/etc/apt/preferences.d/harness-agent'
const LISTS_BEFORE = '/run/harness-agent-lists'

/**
 * Installs the agent from another suite of the archive the image already uses, and takes the suite away again.
 * Pins keep every package that the agent does not need where it is.
 */
export async function installFromSuite(work: UpgradeWork, suite: string): Promise<void> {
  if (work.manager !== 'apt')
    throw new UnsupportedError(`a suite can only be chosen with apt, not with ${work.manager}`)
  if (!/^[a-z][a-z0-9./-]{1,60}$/.test(suite)) throw new ConfigError(`"${suite}" is not the name of a suite`)
  const archive = parseIndexTargets(await work.run('read the configured archives', INDEX_TARGETS))
  work.note(`adding ${suite} of ${archive.uri}`)
  try {
    await work.run('add the suite', addSuiteScript(archive, suite, work.packages))
    await work.refresh()
    work.note(`installing ${work.packages.join(' ')} from ${suite}`)
    await install(work, suite)
  } finally {
    await work.run('remove the suite again', removeSuite(suite))
  }
}

// Without `-t` nothing but the agent may come from the suite; with it, what the agent cannot do without may come too. Whether that is
// needed is told by the attempt itself: to ask first would read every index once more.
async function install(work: UpgradeWork, suite: string): Promise<void> {
  const names = work.packages.join(' ')
  const install = `${APT_GET} install --no-install-recommends`
  await work.run(
    `install ${names} from ${suite}`,
    [
      `said=$(${install} ${names} 2>&1) && { echo "$said"; exit 0; }`,
      'code=$?',
      'echo "$said"',
      `echo "$said" | grep -qiE '(unmet|unsatisfied) dependencies|unable to satisfy dependencies|held broken packages' || exit $code`,
      `${install} -t ${suite} ${names}`,
    ].join('\n'),
  )
}

/** The archive an image is configured with, as far as another suite of it needs. */
export interface Archive {
  uri: string
  signedBy: string | undefined
  components: string[]
}

// An image ships without indexes; then apt knows of its targets only what the lists of sources say.
const INDEX_TARGETS = [
  '. /etc/os-release',
  'echo "codename ${VERSION_CODENAME:-}"',
  "targets() { apt-get indextargets \"$@\" --format 'target $(REPO_URI) $(RELEASE) $(CODENAME) $(SUITE) $(COMPONENT) $(SIGNED_BY)' 'Created-By: Packages'; }",
  'found=$(targets)',
  '[ -n "$found" ] || found=$(targets -o APT::Get::IndexTargets::ReleaseInfo=false)',
  'printf "%s\\n" "$found"',
].join('\n')

/** Finds the main archive in what `apt-get indextargets` says: the one of the image's own release, else the first. */
export function parseIndexTargets(output: string): Archive {
  const lines = output.split('\n')
  const codename =
    lines
      .find((line) => line.startsWith('codename '))
      ?.slice('codename '.length)
      .trim() ?? ''
  const targets = lines
    .map((line) => /^target (\S+) (\S*) (\S*) (\S*) (\S+) ?(\S*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, uri = '', release = '', byCodename = '', suite = '', component = '', signedBy = '']) => ({
      uri,
      names: [release, byCodename, suite],
      component,
      signedBy,
    }))
  const main = targets.find((target) => target.names.includes(codename)) ?? targets[0]
  if (!main) {
    throw new UnsupportedError('the image has no archive configured, so no suite can be added to it', {
      hint: 'use a package file or a repository as agent source',
    })
  }
  const components = targets.filter((target) => target.uri === main.uri).map((target) => target.component)
  return {
    uri: main.uri,
    signedBy: main.signedBy.startsWith('/') ? main.signedBy : undefined,
    components: [...new Set(components)],
  }
}

function addSuiteScript(archive: Archive, suite: string, packages: readonly string[]): string {
  const source = [
    'Types: deb',
    `URIs: ${archive.uri}`,
    `Suites: ${suite}`,
    `Components: ${archive.components.join(' ')}`,
    // its descriptions are nearly as long as its index, and nobody reads them
    'Languages: none',
    ...(archive.signedBy === undefined ? [] : [`Signed-By: ${archive.signedBy}`]),
  ]
  // A suite can be meant by its codename (sid) or by its archive name (unstable).
  const pins = [`n=${suite}`, `a=${suite}`].flatMap((release) => [
    `Package: ${packages.join(' ')}`,
    `Pin: release ${release}`,
    'Pin-Priority: 995',
    '',
    'Package: *',
    `Pin: release ${release}`,
    'Pin-Priority: 90',
    '',
  ])
  return [
    'set -e',
    `ls /var/lib/apt/lists > ${LISTS_BEFORE}`,
    heredoc(SOURCES, source),
    heredoc(PREFERENCES, pins),
  ].join('\n')
}

/** The lists of the image's own archive stay: what is judged later asks them what is out of date. */
const removeSuite = (suite: string) =>
  [
    `rm -f ${SOURCES} ${PREFERENCES}`,
    `if [ -f ${LISTS_BEFORE} ]; then`,
    `  for list in /var/lib/apt/lists/*_dists_${suite.replaceAll('/', '_')}_*; do`,
    `    [ -f "$list" ] && ! grep -qxF "\${list##*/}" ${LISTS_BEFORE} && rm -f "$list"`,
    '  done',
    `  rm -f ${LISTS_BEFORE} /var/cache/apt/*.bin`,
    'fi',
    'true',
  ].join('\n')

/** Shell lines that write `lines` to `path`. */
export function heredoc(path: string, lines: readonly string[]): string {
  return [`cat > ${path} <<'HARNESS_END'`, ...lines, 'HARNESS_END'].join('\n')
}
