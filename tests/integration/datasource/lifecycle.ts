import { regression } from '../../../src/testing/index.ts'
import { survived } from '../probes/crossing.ts'
import { NOTICES_ANOTHER, onceForInstance, rebootAsAnother, rebootWithoutService } from './probes/boots.ts'
import { addressesOf, cardOf, metadataOf, statusFile } from './probes/cloud.ts'
import { LATE } from './probes/late.ts'

const FIRST_BOOT = 'https://docs.cloud-init.io/en/latest/explanation/first_boot.html'
/** All but OpenStack, which by default asks once (`max_wait: -1`): clouds of that kind answer from the first moment on. */
const CLOUDS_THAT_WAIT = ['ec2', 'gce', 'azure', 'oracle', 'hetzner', 'digitalocean', 'vultr', 'nocloud-net']
/**
 * All but Compute Engine: its datasource has no `check_instance_id`, so it asks at every boot, gives up within seconds, and takes the
 * machine for another instance (DataSourceGCE.py of cloud-init 22.4 to 26.2). That of EC2 has none either, and waits for minutes.
 */
const CLOUDS_THAT_STAY = ['ec2', 'azure', 'openstack', 'oracle', 'hetzner', 'digitalocean', 'vultr', 'nocloud-net']
const MORE_ADDRESSES = ['ec2', 'azure', 'openstack', 'digitalocean', 'nocloud-net']

regression(
  'reg-ds-away-same-instance',
  {
    title: 'a reboot without the metadata service stays the same instance',
    because: 'one that takes itself for new makes new host keys and users, and runs user-data again',
    source: FIRST_BOOT,
    severity: 'blocker',
    fix: 'the datasource needs check_instance_id, or must fall back to its cache',
    disruptive: true,
    applies: { identities: CLOUDS_THAT_STAY },
    timeoutMs: 240_000,
  },
  async (context) => {
    const { before, after } = await survived(rebootWithoutService(context), context.skip)
    context.expect(after.instanceId, 'instance id').toBe(before.instanceId)
    context.expect(after.hostKeys, 'host keys').toEqual(before.hostKeys)
  },
)

regression(
  'reg-ds-away-no-rerun',
  {
    title: 'a reboot without the metadata service runs nothing again that is for once in the life of an instance',
    because: 'user-data that run twice format disks and join clusters twice',
    source: FIRST_BOOT,
    severity: 'blocker',
    fix: 'the datasource needs check_instance_id, or must fall back to its cache',
    disruptive: true,
    applies: { identities: CLOUDS_THAT_STAY },
    timeoutMs: 240_000,
  },
  async (context) => {
    const { noted } = await survived(rebootWithoutService(context), context.skip)
    const after = await onceForInstance(context.instance)
    context.expect(Object.keys(noted.modules).length, 'modules that had run').toBeGreaterThan(3)
    context.expect(after).toEqual(noted.modules)
  },
)

regression(
  'reg-ds-away-network',
  {
    title: 'a reboot without the metadata service has its network',
    because: 'a metadata service that is away for a minute must not cut off a fleet',
    source: FIRST_BOOT,
    severity: 'blocker',
    fix: 'the network configuration of the boot before must stay',
    disruptive: true,
    applies: { identities: 'any' },
    timeoutMs: 240_000,
  },
  async (context) => {
    const { noted } = await survived(rebootWithoutService(context), context.skip)
    const [first] = noted.metadata.document.nics
    const card = await cardOf(context.instance, first?.mac)
    context
      .expect(await addressesOf(context.instance))
      .toContain(`${card} ${first?.ipv4.address}/${first?.ipv4.prefix}`)
  },
)

regression(
  'reg-ds-new-instance',
  {
    title: 'other metadata make another instance: its id, its host keys, its modules',
    because: 'an image of a machine that runs elsewhere must not keep the identity of the machine',
    source: FIRST_BOOT,
    severity: 'blocker',
    fix: 'look for "instance-id" in /var/log/cloud-init.log',
    disruptive: true,
    applies: { identities: NOTICES_ANOTHER },
  },
  async (context) => {
    const { before, after, noted } = await survived(rebootAsAnother(context), context.skip)
    const { document } = noted.metadata
    context
      .expect(after.instanceId.toLowerCase(), 'instance id')
      .toBe((document.cloud === 'azure' ? document.uuid : document.id).toLowerCase())
    context.expect(after.instanceId).not.toBe(before.instanceId)
    context
      .expect(
        after.hostKeys.filter((key) => before.hostKeys.includes(key)),
        'host keys that stayed',
      )
      .toEqual([])
  },
)

regression(
  'reg-ds-new-network',
  {
    title: 'an address that is new in the metadata of a new instance is set up',
    because: 'configuration of the machine the image was made of is of no use here',
    source: 'https://docs.cloud-init.io/en/latest/explanation/events.html',
    severity: 'major',
    fix: 'compare the network configuration of cloud-init with `cloud-init query ds`',
    disruptive: true,
    applies: { identities: MORE_ADDRESSES },
  },
  async (context) => {
    const { noted } = await survived(rebootAsAnother(context), context.skip)
    const found = (await addressesOf(context.instance)).map((one) => one.replace(/\/\d+$/, ''))
    const card = await cardOf(context.instance, noted.metadata.document.nics[0]?.mac)
    context.expect(found).toContain(`${card} ${noted.address}`)
  },
)

regression(
  'reg-ds-late-service',
  {
    title: 'a metadata service that cannot be reached at first is waited for',
    because: 'many machines boot before their network is ready on the other side',
    source: 'https://docs.cloud-init.io/en/latest/reference/base_config_reference.html#datasource',
    severity: 'major',
    fix: 'the datasource must try again; look at its retries and max_wait',
    applies: { identities: CLOUDS_THAT_WAIT },
    ...LATE,
  },
  async (context) => {
    const { cloud, exchanges } = await metadataOf(context)
    const { datasource, errors } = await statusFile(context.instance)
    context
      .expect(exchanges.filter((one) => one.fault !== undefined).length, 'requests that failed on purpose')
      .toBeGreaterThan(1)
    context.expect(datasource).toMatch(new RegExp(`^DataSource${cloud.datasource}`))
    context.expect(errors, 'errors').toEqual([])
  },
)

regression(
  'reg-ds-throttled',
  {
    title: 'a metadata service that is too busy is asked again',
    because: 'when a fleet boots at once, its requests are throttled',
    source:
      'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#instancedata-throttling',
    severity: 'major',
    fix: 'answers 429 and 503 must make it try again; look at retries in the datasource',
    applies: { identities: 'any' },
    ...LATE,
  },
  async (context) => {
    const { cloud, exchanges, document } = await metadataOf(context)
    context
      .expect(
        exchanges.filter(({ status }) => status === 503 || status === 429).map(({ status }) => status),
        'answers of a service that is too busy',
      )
      .toEqual([503, 429])
    context
      .expect((await statusFile(context.instance)).datasource)
      .toMatch(new RegExp(`^DataSource${cloud.datasource}`))
    const keys = await context.instance.root.sh`cat /home/*/.ssh/authorized_keys; :`
    for (const key of document.sshKeys) context.expect(keys).toContain(key.trim().split(/\s+/).slice(0, 2).join(' '))
  },
)

regression(
  'reg-ds-token-renewed',
  {
    title: 'a token that expires in the middle of the crawl is renewed',
    because: 'a boot that takes long, or a clock that jumps, must not lose the metadata',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html',
    severity: 'major',
    fix: 'an answer 401 must make it ask for another token',
    applies: { identities: ['ec2'] },
    instance: 'own',
    group: 'ds-token',
    cloud: { faults: [{ kind: 'token-expired', method: 'GET', skip: 6, times: 1 }] },
  },
  async (context) => {
    const { exchanges, cloud } = await metadataOf(context)
    context.expect(exchanges.filter(({ status }) => status === 401).length, 'requests refused').toBeGreaterThan(0)
    context
      .expect(exchanges.filter(({ method, path }) => method === 'PUT' && path === '/latest/api/token').length, 'tokens')
      .toBeGreaterThan(1)
    context
      .expect((await statusFile(context.instance)).datasource)
      .toMatch(new RegExp(`^DataSource${cloud.datasource}`))
  },
)

regression(
  'reg-ds-hotplug',
  {
    title: 'a card that is added while the machine runs is set up as the metadata say',
    because: 'clouds attach cards to running machines',
    source: 'https://docs.cloud-init.io/en/latest/explanation/events.html#hotplug',
    severity: 'minor',
    fix: 'look for hotplug in /var/log/cloud-init.log',
    // The datasources of these clouds have HOTPLUG among their supported_update_events.
    applies: { identities: ['ec2', 'openstack'], capabilities: ['extra-nic'] },
    instance: 'own',
    group: 'ds-hotplug',
    timeoutMs: 180_000,
    userData: '#cloud-config\nupdates:\n  network:\n    when: [boot, hotplug]\n',
  },
  async (context) => {
    const { instance, expect, skip, imds } = context
    const ready = await instance.root.probe`systemctl is-active cloud-init-hotplugd.socket`
    if (!ready.ok) skip('hotplug is not active: its socket is not there')
    const { id } = await instance.addNic()
    const card = (await imds?.state())?.document.nics.at(-1)
    // Events of the kernel reach udev in a container too early, under a name that the card loses at once, or not at all. So what
    // its rule would run is run by hand; but first the handler tries the lost name five times, for 49 s and as many crawls.
    const told = instance.capabilities.has('own-kernel')
      ? ''
      : `for turn in $(seq 20); do [ -e /sys/class/net/${id}/address ] && break; sleep 1; done; ACTION=add SUBSYSTEM=net DEVPATH=/devices/virtual/net/${id} sh -c 'exec $(ls /usr/lib*/cloud-init/hook-hotplug | head -n 1)'; `
    const found = await instance.root.run(
      `${told}for second in $(seq 120); do ip -o -4 address show dev ${id} scope global | grep -qF ' ${card?.ipv4.address}/' && echo found && break; sleep 1; done; grep -A 200 hotplug_hook /var/log/cloud-init.log | tail -n 40`,
      { deadline: '150 seconds' },
    )
    expect(found.stdout.split('\n')[0], `${found.stderr}${found.stdout}`).toBe('found')
  },
)
