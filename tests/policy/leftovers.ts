import { describeFiles, policy, wanted } from '../../src/testing/index.ts'

const DEBIAN_TESTS = 'https://salsa.debian.org/cloud-team/debian-cloud-images, system_tests'

policy(
  'left-logs-empty',
  {
    title: 'no log of the build is left',
    because: 'build logs leak names and addresses, and confuse who reads the logs of the instance',
    source: `${DEBIAN_TESTS}, test_var_log`,
    severity: 'minor',
    phase: 'rest',
    fix: 'truncate or remove what is below /var/log at the end of the build',
  },
  ({ facts, expect }) => {
    expect(
      facts.leftovers.logs.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      'log files with content',
    ).toEqual([])
  },
)

policy(
  'left-tmp-empty',
  {
    title: 'temporary and runtime directories are empty',
    because:
      'what a builder leaves there is unneeded at best, and on systems without tmpfs it is still there after boot',
    source: `${DEBIAN_TESTS}, test_dir_empty`,
    severity: 'minor',
    phase: 'rest',
    fix: 'empty /tmp, /var/tmp and /run at the end of the build',
  },
  ({ facts, expect }) => {
    // Empty directories below /run and device nodes of an unpacked image carry nothing.
    const runtime = facts.leftovers.runtime.filter(
      ({ type, path, bytes }) => !path.startsWith('/dev/') && type === 'f' && bytes > 0,
    )
    expect(describeFiles([...facts.leftovers.tmp, ...runtime]), 'entries').toEqual([])
  },
)

policy(
  'left-pkg-cache-empty',
  {
    title: 'package lists and downloaded packages are purged',
    because: 'they make every image larger and are out of date when it boots',
    source: `${DEBIAN_TESTS}, test_dir_empty`,
    severity: 'minor',
    phase: 'rest',
    fix: 'apt-get clean and remove /var/lib/apt/lists/*, or the same of another package manager',
  },
  ({ facts, expect }) => {
    expect(
      facts.leftovers.packageCache.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      'cached files',
    ).toEqual([])
  },
)

policy(
  'left-build-tools',
  {
    title: 'nothing of the builder is left',
    because:
      'a forgotten policy-rc.d keeps every service from starting after an upgrade; a proxy of the build network breaks updates',
    source: `${DEBIAN_TESTS}, test_bin_qemu; https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt`,
    severity: 'major',
    phase: 'rest',
    fix: 'remove the named files at the end of the build',
  },
  ({ facts, expect }) => {
    // Backups that passwd and dpkg keep are not the builder's.
    const left = facts.leftovers.build.filter(({ path }) => !/^\/etc\/[^/]+-$|^\/var\/lib\/dpkg\/[^/]+-old$/.test(path))
    expect(describeFiles(left), 'files of the builder').toEqual([])
  },
)

policy(
  'left-dangling-links',
  {
    title: 'the root directory has no dangling links',
    because: 'boot loaders and scripts follow /vmlinuz and /initrd.img',
    source: `${DEBIAN_TESTS}, test_file_absent`,
    severity: 'minor',
    phase: 'rest',
    fix: 'remove the links; do_symlinks = no in /etc/kernel-img.conf keeps them away',
  },
  ({ facts, expect }) => {
    expect(
      facts.danglingLinks.map(({ path, target }) => `${path} -> ${target}`),
      'links to nothing',
    ).toEqual([])
  },
)

policy(
  'left-stray-perms',
  {
    title: 'no file is writable by everybody or owned by nobody',
    because: 'any process could change such a file, and the next account made may own it',
    source: 'CIS Benchmarks for Debian Linux, "Ensure world writable files and directories are secured"',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'chmod o-w FILE; chmod +t DIRECTORY; chown FILE to an account that exists',
  },
  ({ facts, expect }) => {
    expect(describeFiles(facts.worldWritableFiles), 'files writable by everybody').toEqual([])
    expect(describeFiles(facts.worldWritableDirs), 'directories writable by everybody, without the sticky bit').toEqual(
      [],
    )
    expect(describeFiles(facts.unowned), 'files of an owner or group that does not exist').toEqual([])
  },
)

policy(
  'left-suid-list',
  {
    title: 'only known programs run with the rights of their owner',
    because: 'each set-user-id program is a way to root when it has a flaw',
    source: 'CIS Benchmarks for Debian Linux, "Ensure SUID and SGID files are reviewed"',
    severity: 'minor',
    phase: 'rest',
    fix: 'remove the bit: chmod u-s,g-s FILE, or record the program as expected with the reason',
  },
  (context) => {
    const known = wanted(context, 'setuid')
    const usr = (path: string) => path.replace(/^\/(s?bin|lib)\//, '/usr/$1/')
    const added = context.facts.setuid.filter(({ path }) => !known.includes(usr(path)))
    context.expect(describeFiles(added), 'set-id files beyond those of the stock packages').toEqual([])
  },
)

policy(
  'left-critical-perms',
  {
    title: 'account, sudo and identity files have the right owner and mode',
    because: 'a readable shadow file gives away hashes, a writable passwd gives away root',
    source: 'shadow(5), sudoers(5), machine-id(5)',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'chmod and chown the named files as their packages ship them',
  },
  (context) => {
    const rules = wanted(context, 'criticalFiles')
    const wrong = context.facts.criticalFiles.filter(({ path, type, mode, owner, group }) => {
      const rule = rules[path]
      return (
        rule !== undefined &&
        type !== 'l' &&
        (!rule.modes.includes(mode) || !rule.owners.includes(owner) || !rule.groups.includes(group))
      )
    })
    context
      .expect(
        context.facts.criticalFiles.map(({ path }) => path),
        'files that were looked at',
      )
      .toContain('/etc/passwd')
    context.expect(describeFiles(wrong), 'files with another owner or mode than expected').toEqual([])
  },
)
