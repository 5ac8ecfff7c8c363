import { describeFiles, known, policy, wanted } from '../../src/testing/index.ts'

const AMI = 'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html'
const BUILDING = 'https://systemd.io/BUILDING_IMAGES/'

policy(
  'id-no-host-keys',
  {
    title: 'the image has no SSH host keys',
    because:
      'instances with one key can impersonate each other; cloud-init hides the fault by replacing the keys it knows',
    source:
      'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html, "Remove SSH host key pairs"',
    severity: 'blocker',
    phase: 'rest',
    fix: 'rm -f /etc/ssh/ssh_host_* /etc/dropbear/*_host_key at the end of the build',
  },
  ({ facts, expect }) => {
    expect(
      facts.hostKeys.map(({ path }) => path),
      'host keys in the image',
    ).toEqual([])
  },
)

policy(
  'id-unique-two-instances',
  {
    title: 'two instances of one image share no host key and no machine id',
    because:
      'a shared host key lets one customer impersonate another; a shared machine id gives both the same DHCP identity',
    source:
      'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/ssh, TestHostKeysAreUnique; machine-id(5)',
    severity: 'blocker',
    phase: 'pair',
    fix: 'remove host keys and empty /etc/machine-id at the end of the build',
  },
  ({ facts, other, expect }) => {
    const second = known(other, 'second instance', 'there is no second instance')
    const prints = (of: typeof facts) =>
      of.hostKeys.flatMap(({ fingerprint, type }) => (fingerprint === undefined ? [] : [`${type} ${fingerprint}`]))
    expect(prints(facts), 'fingerprints of the first instance').not.toEqual([])
    expect(prints(second), 'fingerprints of the second instance').not.toEqual([])
    expect(
      prints(facts).filter((print) => prints(second).includes(print)),
      'host keys both instances have',
    ).toEqual([])
    if (facts.machineId.state !== 'absent') {
      expect(facts.machineId.state, 'machine id of a running instance').toBe('id')
      expect(
        facts.machineId.value === second.machineId.value,
        `both instances have the machine id ${facts.machineId.value}`,
      ).toBe(false)
    }
    expect(facts.bootId === second.bootId, 'both answers come from one instance').toBe(false)
  },
)

policy(
  'id-machine-id-reset',
  {
    title: 'the machine id is present and empty',
    because:
      'a real id would be shared by all instances; an absent or "uninitialized" one makes systemd treat the boot as the first one and reset which units are enabled',
    source: `${BUILDING}; machine-id(5), "First Boot Semantics"; https://github.com/systemd/systemd/issues/22225`,
    severity: 'blocker',
    phase: 'rest',
    applies: { init: ['systemd'] },
    fix: 'truncate -s 0 /etc/machine-id; make /var/lib/dbus/machine-id a link to it or remove it',
  },
  ({ facts, expect }) => {
    expect(facts.machineId.state, '/etc/machine-id').toBeOneOf(['empty', 'uninitialized'])
    expect(facts.machineId.dbus, '/var/lib/dbus/machine-id').toBeOneOf(['absent', 'link'])
  },
)

policy(
  'id-no-random-seed',
  {
    title: 'no saved random seed is shipped',
    because: 'instances that start from one seed may make the same keys',
    source: `${BUILDING}, point 2`,
    severity: 'major',
    phase: 'rest',
    fix: 'rm -f /var/lib/systemd/random-seed /var/lib/seedrng/* /boot/entropy',
  },
  ({ facts, expect }) => {
    expect(describeFiles(facts.leftovers.randomSeeds.filter(({ type }) => type === 'f')), 'random seeds').toEqual([])
  },
)

policy(
  'id-no-dhcp-leases',
  {
    title: 'no DHCP leases or client ids are shipped',
    because: 'instances would ask for the address of the build machine, or share one identity',
    source: 'https://docs.openstack.org/image-guide/openstack-images.html, "No hard-coded MAC address information"',
    severity: 'major',
    phase: 'rest',
    fix: 'remove the files below /var/lib/dhcp, /var/lib/NetworkManager, /var/db at the end of the build',
  },
  ({ facts, expect }) => {
    expect(describeFiles(facts.leftovers.dhcpLeases), 'leases and client ids').toEqual([])
  },
)

policy(
  'id-no-mac-pinning',
  {
    title: 'no configuration names a MAC address',
    because: 'the network of every instance but the first stays down',
    source: 'https://docs.openstack.org/image-guide/openstack-images.html, "No hard-coded MAC address information"',
    severity: 'major',
    phase: 'rest',
    fix: 'remove 70-persistent-net.rules and HWADDR, macaddress and hwaddress lines',
  },
  ({ facts, expect }) => {
    expect(
      facts.leftovers.macPinning.map(({ path }) => path),
      'files that name a MAC address',
    ).toEqual([])
  },
)

policy(
  'id-no-private-keys',
  {
    title: 'the image has no private keys',
    because: 'a private key in a public image is a public key',
    source: `${AMI}, "must not contain key pairs, security keys"`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'remove the key at the end of the build and make it on first boot where a service needs one',
  },
  ({ facts, expect }) => {
    const keys = facts.privateKeys.filter((key) => key.package === undefined && !/\/ssh_host_[^/]*key$/.test(key.path))
    expect(
      keys.map(({ path }) => path),
      'files with a private key that belong to no package',
    ).toEqual([])
  },
)

policy(
  'id-no-cloud-creds',
  {
    title: 'the image has no cloud or registry credentials',
    because: 'credentials of the build pipeline open the account of the publisher',
    source: `${AMI}, "must not request or use access or secret keys"`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'remove the files and revoke the credentials: they have been published',
  },
  ({ facts, expect }) => {
    const files = facts.credentials.filter(({ type, bytes }) => type === 'f' && bytes > 0)
    expect(
      files.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      'credential files',
    ).toEqual([])
  },
)

policy(
  'id-hostname-generic',
  {
    title: 'the host name is absent or generic',
    because: 'the name of the build machine shows up in logs and DHCP requests of every instance',
    source: 'hostname(5); https://salsa.debian.org/cloud-team/debian-cloud-images, files/etc/hostname',
    severity: 'minor',
    phase: 'rest',
    fix: 'write localhost into /etc/hostname, mode 644, or remove it',
  },
  (context) => {
    const { facts, expect } = context
    const file = facts.criticalFiles.find(({ path }) => path === '/etc/hostname')
    if (file) expect(file.mode, 'mode of /etc/hostname').toBe('644')
    if (facts.hostname.file !== undefined)
      expect(facts.hostname.file, 'content of /etc/hostname').toBeOneOf([...wanted(context, 'hostnames')])
  },
)

policy(
  'id-resolv-conf',
  {
    title: 'resolv.conf is absent, empty or a link',
    because: 'a name server of the build network is unreachable from the instance',
    source: 'https://salsa.debian.org/cloud-team/debian-cloud-images, system_tests, test_etc_resolv_conf',
    severity: 'minor',
    phase: 'rest',
    fix: 'rm /etc/resolv.conf at the end of the build, or link it to systemd-resolved',
  },
  ({ facts, expect }) => {
    if (facts.dns.link !== undefined) return
    expect(facts.dns.resolvConf, '/etc/resolv.conf is a file with this content').toBe('')
  },
)

policy(
  'id-no-cloud-state',
  {
    title: 'cloud-init has never run on this image',
    because: 'state of an earlier run can make cloud-init believe it already configured this instance',
    source: 'https://docs.cloud-init.io/en/latest/explanation/first_boot.html',
    severity: 'blocker',
    phase: 'rest',
    fix: 'cloud-init clean --logs --seed at the end of the build',
  },
  ({ facts, expect }) => {
    expect(
      facts.leftovers.cloudState.map(({ path }) => path),
      'state of cloud-init',
    ).toEqual([])
  },
)
