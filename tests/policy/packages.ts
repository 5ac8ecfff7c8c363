import { isKnown, matches, policy, wanted } from '../../src/testing/index.ts'

policy(
  'pkg-db-consistent',
  {
    title: 'the package database has no broken state',
    because: 'the next installation or upgrade stops at a half-installed package',
    source: 'dpkg(1), --audit; https://github.com/osbuild/cloud-image-val, test_rpm_v_unsatisfied_dependencies',
    severity: 'blocker',
    phase: ['rest', 'first-boot', 'after-reboot'],
    fix: 'dpkg --configure -a and apt-get -f install during the build',
  },
  ({ facts, expect }) => {
    const { command, exitCode, output } = facts.packageDb
    expect(output, `what the audit (${command}) reports`).toEqual([])
    expect(exitCode, `exit status of the audit (${command})`).toBe(0)
  },
)

policy(
  'pkg-files-unmodified',
  {
    title: 'files are as their packages ship them',
    because: 'an image is the sum of its packages; what differs must be declared',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016: "the list of changes should be clear"',
    severity: 'major',
    phase: 'rest',
    fix: 'reinstall the package, or use conf.d directories instead of editing its files',
  },
  (context) => {
    const { facts, expect } = context
    const declared = wanted(context, 'modifiedFiles')
    const excluded = facts.pathExcludes
    const changed = facts.modifiedFiles.filter(
      ({ path, flags }) => !matches(path, declared) && !(flags === 'missing' && matches(path, excluded)),
    )
    expect(
      changed.map(({ path, flags }) => `${path} (${flags})`),
      'files that differ from their package',
    ).toEqual([])
  },
)

policy(
  'pkg-required',
  {
    title: 'the packages this class of image needs are installed',
    because: 'documentation and automation count on them',
    source:
      'https://salsa.debian.org/cloud-team/debian-cloud-images, package lists; https://github.com/osbuild/cloud-image-val, required packages',
    severity: 'major',
    phase: 'rest',
    fix: 'add the package to the recipe',
  },
  (context) => {
    const installed = new Set(
      context.facts.packages.filter(({ status }) => status === 'installed').map(({ name }) => name),
    )
    const missing = wanted(context, 'requiredPackages').filter((name) => !installed.has(name))
    context.expect(missing, 'packages that are missing').toEqual([])
  },
)

policy(
  'pkg-unwanted',
  {
    title: 'no desktop, compiler or firmware package is installed',
    because: 'each package is more to download, to update and to attack',
    source: 'https://github.com/osbuild/cloud-image-val, test_unwanted_packages_are_not_present',
    severity: 'minor',
    phase: 'rest',
    fix: 'remove the package from the recipe, or its reverse dependency',
  },
  (context) => {
    const patterns = wanted(context, 'unwantedPackages')
    const found = context.facts.packages.filter(({ name, status }) => status === 'installed' && matches(name, patterns))
    context
      .expect(
        found.map(({ name }) => name),
        'unwanted packages',
      )
      .toEqual([])
  },
)

policy(
  'pkg-no-orphans',
  {
    title: 'every installed package comes from a configured archive',
    because: 'a package without an archive never gets an update',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016: "All the software included needs to be in the Debian archive"',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'install the package from an archive, or add the archive',
  },
  ({ facts, expect, skip }) => {
    if (!isKnown(facts, 'orphans')) skip(`package lists were not refreshed: ${facts.unknown.orphans}`)
    // The agent under test may come from a file.
    expect(
      facts.orphans.filter((name) => !name.startsWith('cloud-init')),
      'packages no archive offers',
    ).toEqual([])
  },
)

policy(
  'pkg-64bit',
  {
    title: 'the system is 64-bit and has no foreign architecture',
    because: 'a second architecture doubles what must be updated and is not asked for',
    source:
      'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html, "64-bit"; https://github.com/microsoft/lisa, verify_azure_64bit_os',
    severity: 'major',
    phase: 'rest',
    fix: 'dpkg --remove-architecture ARCH after removing its packages',
  },
  ({ facts, expect }) => {
    expect(facts.architecture, 'architecture of the packages').toMatch(/64|s390x|ppc64/)
    expect(facts.foreignArchitectures, 'foreign architectures').toEqual([])
    const native = facts.architecture
    const foreign = facts.packages.filter(({ arch }) => !['all', 'noarch', '(none)', '', native].includes(arch))
    expect(
      foreign.map(({ name, arch }) => `${name}:${arch}`),
      'packages of another architecture',
    ).toEqual([])
  },
)
