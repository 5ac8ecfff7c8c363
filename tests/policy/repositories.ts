import { matches, policy, wanted } from '../../src/testing/index.ts'
import type { Facts } from '../../src/testing/index.ts'

const SPRINT = 'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016'

const enabled = (facts: Facts) => facts.repositories.filter((repository) => repository.enabled)
const at = ({ file, line }: { file: string; line: number }) => `${file}:${line}`

policy(
  'repo-only-official',
  {
    title: "only the distribution's own archives are configured",
    because: 'whoever runs another archive can put software on every instance',
    source: `${SPRINT}: "No extra archives included"`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'remove the archive, or publish the image as a derivative',
  },
  (context) => {
    const { facts, expect } = context
    const hosts = wanted(context, 'archiveHosts')
    expect(enabled(facts).length, 'archives that are configured').toBeGreaterThan(0)
    const foreign = enabled(facts).filter(({ uri }) => {
      const host = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)/.exec(uri)?.[1]
      return host === undefined || !matches(host, hosts)
    })
    expect(
      foreign.map((repository) => `${at(repository)}: ${repository.uri}`),
      'other archives',
    ).toEqual([])
  },
)

policy(
  'repo-main-only',
  {
    title: 'only free components are configured and installed',
    because: 'an official image must come from main as a whole',
    source: `${SPRINT}: "needs to be in the Debian archive, in main"`,
    severity: 'blocker',
    phase: 'rest',
    applies: { distributions: ['debian'] },
    fix: 'remove contrib, non-free and non-free-firmware from the sources and their packages from the image',
  },
  (context) => {
    const { facts, expect } = context
    const allowed = wanted(context, 'components')
    const others = enabled(facts).flatMap((repository) =>
      repository.components.filter((name) => !allowed.includes(name)).map((name) => `${at(repository)}: ${name}`),
    )
    expect(others, 'other components').toEqual([])
    const packages = facts.packages.filter(({ section = '' }) =>
      /^(contrib|non-free|non-free-firmware)\//.test(section),
    )
    expect(
      packages.map(({ name, section }) => `${name} (${section})`),
      'packages outside main',
    ).toEqual([])
  },
)

policy(
  'repo-updates-enabled',
  {
    title: 'the archives of security and stable updates are enabled',
    because: 'without them an instance never gets a fix',
    source: `${SPRINT}: "Stable release images will include stable-updates"; https://www.debian.org/security/`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'add the missing suites to the sources',
  },
  (context) => {
    const { facts, expect } = context
    const suites = enabled(facts)
      .filter(({ types }) => types.some((type) => type !== 'deb-src'))
      .flatMap((repository) => repository.suites)
    // The os-release of unstable names the release to come, and unstable goes by two names.
    const unstable = suites.some((suite) => suite === 'sid' || suite === 'unstable') || facts.os.codename === undefined
    const names = (suite: string) =>
      (unstable ? ['sid', 'unstable'] : [facts.os.codename ?? '']).map((codename) =>
        suite.replace('{codename}', codename),
      )
    const required = unstable ? ['{codename}'] : wanted(context, 'requiredSuites')
    const missing = required.filter(
      (suite) => !names(suite).some((name) => suites.some((known) => known === name || known.startsWith(`${name}/`))),
    )
    expect(
      missing.map((suite) => names(suite)[0]),
      `suites that are not enabled; enabled are ${suites.join(', ')}`,
    ).toEqual([])
  },
)

policy(
  'repo-no-backports',
  {
    title: 'backports are not enabled',
    because: 'packages from backports get no support of the security team',
    source: `${SPRINT}: "by default would not have stable-backports"; https://backports.debian.org/`,
    severity: 'minor',
    phase: 'rest',
    fix: 'remove the suite; who needs it can add it by user-data',
  },
  (context) => {
    const { facts, expect } = context
    if (wanted(context, 'backports') === 'allowed') context.skip('this distribution enables backports by default')
    const lists = enabled(facts).filter(({ suites }) => suites.some((suite) => /-backports\b/.test(suite)))
    expect(
      lists.map((repository) => `${at(repository)}: ${repository.suites.join(' ')}`),
      'backports',
    ).toEqual([])
    const pins = facts.aptPreferences.filter(({ line }) => /-backports\b/.test(line))
    expect(
      pins.map(({ file, line }) => `${file}: ${line}`),
      'pins to backports',
    ).toEqual([])
  },
)

policy(
  'repo-signed',
  {
    title: 'signatures of archives and packages are checked everywhere',
    because: 'without a signature the network decides what is installed',
    source: 'apt-secure(8); https://github.com/osbuild/cloud-image-val, test_pkg_signature_and_gpg_keys',
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'remove trusted=yes, allow-insecure, gpgcheck=0 and the apt options that allow unauthenticated packages',
  },
  ({ facts, expect }) => {
    const open = enabled(facts).filter(({ insecure }) => insecure !== undefined)
    expect(
      open.map((repository) => `${at(repository)}: ${repository.insecure}`),
      'archives that are not checked',
    ).toEqual([])
    const keys = [
      'APT::Get::AllowUnauthenticated',
      'Acquire::AllowInsecureRepositories',
      'Acquire::AllowWeakRepositories',
      'Acquire::AllowDowngradeToInsecureRepositories',
    ]
    const options = Object.entries(facts.aptConfig).filter(
      ([key, values]) =>
        keys.some((name) => name.toLowerCase() === key.toLowerCase()) &&
        values.some((value) => /^(1|true|yes|on)$/i.test(value)),
    )
    expect(
      options.map(([key, values]) => `${key} "${values.join(' ')}"`),
      'options that allow unsigned packages',
    ).toEqual([])
  },
)
