import { regression } from '../../../src/testing/index.ts'
import { metadataOf, statusFile } from './probes/cloud.ts'

const SOURCE = 'https://docs.cloud-init.io/en/latest/explanation/identification.html'

regression(
  'reg-ds-detect',
  {
    title: 'ds-identify finds the datasource of the cloud, and no other',
    because:
      'a datasource that is not found leaves a machine nobody can log in to; one too many is asked first and waited for',
    source: SOURCE,
    severity: 'blocker',
    applies: { identities: 'any' },
    fix: 'read /run/cloud-init/ds-identify.log and datasource_list below /etc/cloud',
  },
  async (context) => {
    const { cloud } = await metadataOf(context)
    context.attach('overrides', (context.instance.machine.overrides ?? []).map((text) => `${text}\n`).join(''))
    const log = await context.instance.root.readFile('/run/cloud-init/ds-identify.log')
    context
      .expect(/Found single datasource: (\S+)/.exec(log)?.[1], 'the datasource that was found')
      .toBe(cloud.datasource)
  },
)

regression(
  'reg-ds-used',
  {
    title: 'cloud-init uses the datasource of the cloud, and cloud-id names the cloud',
    because: 'everything after it, keys and addresses too, comes from the datasource',
    source: 'https://docs.cloud-init.io/en/latest/reference/cli.html#cloud-id',
    severity: 'blocker',
    applies: { identities: 'any' },
    fix: 'read /var/log/cloud-init.log from "Searching for" on',
  },
  async (context) => {
    const { cloud } = await metadataOf(context)
    const { datasource } = await statusFile(context.instance)
    context.expect(datasource, 'the datasource in status.json').toMatch(new RegExp(`^DataSource${cloud.datasource}`))
    const cloudId = await context.instance.root.sh`cloud-id`
    // Vendors of NoCloud seeds are told apart by guesses at the hypervisor.
    const names = cloud.name === 'nocloud-net' ? ['nocloud', 'lxd'] : [cloud.cloudId]
    context.expect(names, `cloud-id says ${cloudId}`).toContain(cloudId)
  },
)

regression(
  'reg-ds-clean',
  {
    title: 'a boot with good metadata ends without errors and without warnings of the datasource',
    because: 'a warning on every boot hides the one that matters',
    source: 'https://docs.cloud-init.io/en/latest/howto/status.html',
    severity: 'major',
    tier: 'smoke',
    applies: { identities: 'any' },
    fix: 'the lines are in /run/cloud-init/status.json',
  },
  async (context) => {
    const { cloud } = await metadataOf(context)
    const { errors, warnings } = await statusFile(context.instance)
    context.expect(errors, 'errors').toEqual([])
    const usual = [
      ...(USUAL[cloud.name] ?? []),
      ...(context.cell.platform === 'qemu' ? (ON_QEMU[cloud.name] ?? []) : []),
    ]
    const others = warnings.filter((text) => !usual.some((pattern) => pattern.test(text)))
    context.expect(others, 'warnings').toEqual([])
  },
)

/** Warnings that come with good metadata too, each because of what a container lacks. */
const USUAL: Readonly<Record<string, readonly RegExp[]>> = {
  azure: [/dmesg/],
  // The datasource makes a list of name servers that the schema does not know.
  vultr: [/network-config-v1 failed schema validation/],
  // A machine whose root is not on the network has no other way.
  oracle: [/Could not obtain network configuration from initramfs/],
}

/** The same on QEMU, whose DHCP server cannot name routes: Azure knows the primary card by them. */
const ON_QEMU: Readonly<Record<string, readonly RegExp[]>> = { azure: [/failure to find primary DHCP interface/] }

regression(
  'reg-ds-instance-id',
  {
    title: 'the instance id is the one the cloud gave',
    because: 'by it cloud-init knows whether it must set up the machine or leave it as it is',
    source: 'https://docs.cloud-init.io/en/latest/explanation/first_boot.html',
    severity: 'blocker',
    fix: 'compare /var/lib/cloud/data/instance-id with what the metadata service says, and look for a cached obj.pkl',
    applies: { identities: 'any' },
  },
  async (context) => {
    const { document, cloud } = await metadataOf(context)
    const id = await context.instance.root.sh`cat /var/lib/cloud/data/instance-id`
    context.expect(id.toLowerCase()).toBe((cloud.name === 'azure' ? document.uuid : document.id).toLowerCase())
  },
)

regression(
  'reg-ds-hostname',
  {
    title: 'the host name is the one the cloud gave',
    because: 'monitoring and clusters know machines by it',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#set-hostname',
    severity: 'major',
    tier: 'smoke',
    fix: 'look for preserve_hostname, and for set_hostname in /var/log/cloud-init.log',
    applies: { identities: 'any' },
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const name = await context.instance.root.sh`hostname`
    context.expect(name.split('.')[0]).toBe(document.hostname.split('.')[0])
  },
)

regression(
  'reg-ds-keys',
  {
    title: 'the SSH keys of the cloud are authorised for the default user',
    because: 'without them nobody can log in',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#ssh',
    severity: 'blocker',
    fix: 'look for the keys in `cloud-init query ds`, and for cc_ssh in /var/log/cloud-init.log',
    applies: { identities: 'any' },
  },
  async (context) => {
    const { document } = await metadataOf(context)
    const keys = await context.instance.root.sh`cat /home/*/.ssh/authorized_keys; :`
    for (const key of document.sshKeys) context.expect(keys).toContain(key.trim().split(/\s+/).slice(0, 2).join(' '))
    // What came another way would prove nothing about the datasource.
    context.expect(await context.instance.root.sh`ls /var/lib/cloud/seed; :`, 'seeds on the disk').toBe('')
  },
)
