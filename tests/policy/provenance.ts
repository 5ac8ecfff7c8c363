import { known, policy, wanted } from '../../src/testing/index.ts'

policy(
  'prov-os-release',
  {
    title: 'os-release says which distribution and release this is',
    because: 'software decides by it what to install',
    source: 'os-release(5); https://github.com/osbuild/cloud-image-val, test_release_version',
    severity: 'major',
    phase: 'rest',
    fix: 'reinstall the package that owns /usr/lib/os-release',
  },
  ({ facts, expect, cell }) => {
    expect(facts.os.id, 'ID').not.toBe('unknown')
    expect(facts.os.prettyName ?? '', 'PRETTY_NAME').not.toBe('')
    if (cell.distribution !== 'unknown' && cell.distribution !== '')
      expect(facts.os.id, 'ID, and the distribution of the image name').toBe(cell.distribution)
    const debian = facts.os.releaseFiles['/etc/debian_version']
    const version = facts.os.versionId
    if (facts.os.id === 'debian' && debian !== undefined && version !== undefined) {
      expect(debian.split('.')[0], `/etc/debian_version (${debian}) and VERSION_ID`).toBe(version)
    }
    if (/^\d/.test(cell.release) && version !== undefined) {
      expect(
        `${version}.`.startsWith(`${cell.release}.`) || `${cell.release}.`.startsWith(`${version}.`),
        `VERSION_ID ${version} belongs to release ${cell.release}`,
      ).toBe(true)
    }
  },
)

policy(
  'prov-supported',
  {
    title: 'the release is still supported',
    because: 'after its end of life a release gets no security updates',
    source:
      'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html, "currently supported operating systems"; https://wiki.debian.org/LTS',
    severity: 'major',
    phase: 'rest',
    fix: 'build from a newer release',
  },
  (context) => {
    const { facts, expect } = context
    const end = facts.os.supportEnd ?? wanted(context, 'endOfLife')
    const today = facts.collectedAt.slice(0, 10)
    expect(
      end > today,
      `support of ${facts.os.prettyName ?? facts.os.id} ended on ${end}; these facts are of ${today}`,
    ).toBe(true)
  },
)

policy(
  'prov-build-stamp',
  {
    title: 'the image carries a build serial',
    because: 'a report about an instance must lead to the build it came from',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016: "we should include the timestamp"',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    fix: 'write the serial, with its date as YYYYMMDD, into /etc/cloud/build.info, /etc/cloud-release or /etc/image-id',
  },
  (context) => {
    const { facts, expect } = context
    if (wanted(context, 'buildStamp') === 'optional') context.skip('not asked of this image')
    const stamps = Object.entries(facts.system.buildStamps)
    const dated = stamps.filter(([, text]) => /(?<!\d)20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])/.test(text))
    expect(
      dated.map(([file]) => file),
      `files with a dated serial; seen: ${stamps.map(([file, text]) => `${file}: ${text}`).join('; ') || 'no file'}`,
    ).not.toEqual([])
  },
)

policy(
  'prov-facts-complete',
  {
    title: 'the image could be looked at',
    because: 'a check that could not see anything must not look like one that passed',
    source: 'the harness itself: facts of the account, file and package databases are the ground of every other check',
    severity: 'blocker',
    phase: ['rest', 'first-boot', 'after-reboot'],
    fix: 'see which command failed on the image; the sections of the facts file name it',
  },
  ({ facts, expect }) => {
    const ground = [
      'os',
      'accounts',
      'packages',
      'criticalFiles',
      'worldWritableFiles',
      'unitFiles',
      'cloudInit',
    ] as const
    const missing = ground.flatMap((name) => (facts.unknown[name] === undefined ? [] : [facts.unknown[name]]))
    expect(
      missing.filter((reason) => !reason.includes('does not apply')),
      'facts that could not be gathered',
    ).toEqual([])
    expect(known(facts.os.id, 'os id'), 'distribution').not.toBe('')
  },
)
