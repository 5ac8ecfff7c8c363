import { known, policy, wanted } from '../../src/testing/index.ts'

const AZURE = 'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic'
const DEBIAN = 'https://salsa.debian.org/cloud-team/debian-cloud-images'

policy(
  'boot-files',
  {
    title: 'kernel, initrd and loader configuration are present',
    because: 'without them the machine does not boot',
    source: `${DEBIAN}, system_tests, test_boot_files`,
    severity: 'blocker',
    phase: 'rest',
    applies: { ownKernel: true },
    fix: 'install a kernel and a boot loader',
  },
  ({ facts, expect }) => {
    const paths = facts.bootFiles.map(({ path }) => path)
    const has = (pattern: RegExp) => paths.some((path) => pattern.test(path))
    expect(has(/\/(vmlinu[xz]|kernel)|\/EFI\/Linux\/.*\.efi$/), `a kernel among ${paths.join(' ') || 'no files'}`).toBe(
      true,
    )
    expect(
      has(/\/grub\.cfg$|\/loader\/entries\/|extlinux\.conf$|\/EFI\/|\/boot\/kernel\/kernel$/),
      `loader configuration among ${paths.join(' ')}`,
    ).toBe(true)
  },
)

policy(
  'boot-serial-console',
  {
    title: 'the kernel writes to the serial console of the platform',
    because: 'when the network is down the console is all there is',
    source:
      'https://docs.openstack.org/image-guide/openstack-images.html, "Ensure image writes boot log to console"; https://github.com/microsoft/lisa, verify_serial_console_is_enabled',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    applies: { ownKernel: true },
    fix: 'add console=ttyS0 to GRUB_CMDLINE_LINUX',
  },
  (context) => {
    const { facts, expect, phase } = context
    const consoles = wanted(context, 'consoles')
    const words = phase === 'rest' ? facts.loader.arguments : facts.cmdline.split(/\s+/)
    const found = words.flatMap((word) => /^console=([^,]+)/.exec(word)?.[1] ?? [])
    expect(
      found.filter((name) => consoles.includes(name)),
      `consoles of the platform (${consoles.join(', ')}) among ${found.join(', ') || 'none'}`,
    ).not.toEqual([])
  },
)

policy(
  'boot-no-quiet',
  {
    title: 'the kernel is not told to be quiet',
    because: 'a silent console hides why a boot failed',
    source: `${AZURE}; https://github.com/osbuild/cloud-image-val, test_rhgb_quiet_not_present_in_cmdline`,
    severity: 'minor',
    phase: 'rest',
    applies: { ownKernel: true },
    fix: 'remove quiet, rhgb and splash from GRUB_CMDLINE_LINUX_DEFAULT',
  },
  ({ facts, expect }) => {
    expect(
      facts.loader.arguments.filter((word) => ['quiet', 'rhgb', 'splash'].includes(word)),
      'arguments of the loader',
    ).toEqual([])
  },
)

policy(
  'boot-loader-timeout',
  {
    title: 'the boot loader waits a second at most',
    because: 'nobody sits at the menu of a cloud instance',
    source: `${DEBIAN}, config_space, 15_timeout.cfg`,
    severity: 'minor',
    phase: 'rest',
    applies: { ownKernel: true },
    fix: 'GRUB_TIMEOUT=0 in /etc/default/grub.d',
  },
  (context) => {
    const { settings } = context.facts.loader
    const raw = settings['GRUB_TIMEOUT'] ?? settings['timeout'] ?? settings['TIMEOUT'] ?? settings['autoboot_delay']
    const value = Number(known(raw, 'loader timeout', 'the loader configuration does not say it'))
    // extlinux counts tenths of a second.
    const seconds = raw === settings['TIMEOUT'] && settings['GRUB_TIMEOUT'] === undefined ? value / 10 : value
    context.expect(seconds, 'seconds the loader waits; -1 is for ever').toBeGreaterThanOrEqual(0)
    context.expect(seconds, 'seconds the loader waits').toBeLessThanOrEqual(wanted(context, 'loaderTimeoutSeconds'))
  },
)

policy(
  'boot-azure-cmdline',
  {
    title: 'the kernel gets the arguments the platform asks for',
    because: 'Azure needs a root delay and a serial console to support an instance',
    source: AZURE,
    severity: 'major',
    phase: 'rest',
    applies: { ownKernel: true, platforms: ['azure'] },
    fix: 'edit GRUB_CMDLINE_LINUX',
  },
  (context) => {
    const { required, forbidden } = wanted(context, 'kernelArguments')
    const words = context.facts.loader.arguments
    context
      .expect(
        required.filter((word) => !words.some((known) => known === word || known.startsWith(`${word},`))),
        `arguments that are missing from ${words.join(' ')}`,
      )
      .toEqual([])
    context
      .expect(
        forbidden.filter((word) => words.includes(word)),
        'arguments that must not be there',
      )
      .toEqual([])
  },
)

policy(
  'boot-udf-vfat-allowed',
  {
    title: 'the udf and vfat file systems can be loaded',
    because: 'provisioning media are udf or vfat; hardened images that block them do not provision',
    source: `${AZURE}, note on udf; https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'remove the blacklist and install lines from /etc/modprobe.d',
  },
  ({ facts, expect }) => {
    const blocked = facts.modulesBlocked.filter(({ module }) =>
      ['udf', 'vfat', 'fat', 'iso9660', 'isofs'].includes(module),
    )
    expect(
      blocked.map(({ file, module, how }) => `${file}: ${how} ${module}`),
      'modules that are blocked',
    ).toEqual([])
  },
)

policy(
  'boot-blocklist',
  {
    title: 'modules of hardware no cloud has are blocked',
    because: 'probing a floppy drive costs seconds of every boot',
    source: `${DEBIAN}, config_space, modprobe.d; https://github.com/microsoft/lisa, verify_floppy_module_is_blacklisted`,
    severity: 'minor',
    phase: 'rest',
    applies: { ownKernel: true },
    fix: 'blacklist floppy and pcspkr in /etc/modprobe.d',
  },
  (context) => {
    const blocked = context.facts.modulesBlocked.map(({ module }) => module)
    context
      .expect(
        wanted(context, 'blockedModules').filter((module) => !blocked.includes(module)),
        'modules that are not blocked',
      )
      .toEqual([])
  },
)

policy(
  'boot-default-target',
  {
    title: 'the default target is that of a server',
    because: 'a graphical or rescue target starts the wrong things',
    source: 'https://github.com/osbuild/cloud-image-val, test_inittab_and_systemd; systemd.special(7)',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    applies: { init: ['systemd'] },
    fix: 'systemctl set-default multi-user.target',
  },
  (context) => {
    context.expect(context.facts.defaultTarget, 'default target').toBeOneOf([...wanted(context, 'defaultTarget')])
  },
)

policy(
  'boot-no-masked-basics',
  {
    title: 'no unit that a cloud instance needs is masked',
    because: 'a masked unit cannot even be started by hand, and nothing says so at boot',
    source: 'systemctl(1), mask; systemd.special(7)',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    applies: { init: ['systemd'] },
    fix: 'systemctl unmask UNIT',
  },
  ({ facts, expect }) => {
    const needed =
      /^((ssh|sshd|cron|dbus|systemd-(journald|logind|tmpfiles-setup|timesyncd|networkd|resolved)|networking|cloud-(init|init-local|init-main|init-network|config|final)|apt-daily(-upgrade)?|unattended-upgrades)\.(service|socket|timer)|(multi-user|network-online|cloud-init)\.target)$/
    const masked = Object.entries(facts.unitFiles).filter(([name, state]) => /^masked/.test(state) && needed.test(name))
    expect(
      masked.map(([name]) => name),
      'masked units',
    ).toEqual([])
  },
)
