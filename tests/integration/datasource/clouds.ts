import { healthReports, regression } from '../../../src/testing/index.ts'
import { survived } from '../probes/crossing.ts'
import { rebootAsAnother } from './probes/boots.ts'
import { metadataOf } from './probes/cloud.ts'

regression(
  'reg-ds-azure-ready-once',
  {
    title: 'a new instance on Azure reports ready exactly once',
    because: 'without the report the machine is destroyed as failed; a second one confuses the fabric',
    source: 'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/no-agent',
    severity: 'blocker',
    fix: 'the reports are in the log of the metadata service; look for "Reported ready"',
    disruptive: true,
    applies: { identities: ['azure'] },
  },
  async (context) => {
    const { metadata } = (await survived(rebootAsAnother(context), context.skip)).noted
    const { exchanges, kept } = await metadata.imds.state()
    const posts = exchanges.filter(({ method, path }) => method === 'POST' && path.includes('comp=health'))
    context
      .expect(
        posts.map(({ status }) => status),
        'health reports of this boot',
      )
      .toEqual([200])
    context.expect(healthReports(Object.entries(kept)).at(-1)?.state, 'the last report').toBe('Ready')
  },
)

regression(
  'reg-ds-azure-failure',
  {
    title: 'an instance on Azure that cannot read its metadata reports failure with the reason',
    because: 'otherwise the fabric waits forty minutes and nobody learns why',
    source: 'https://docs.cloud-init.io/en/latest/reference/datasources/azure.html',
    severity: 'major',
    fix: 'look for "failure" in /var/log/cloud-init.log',
    applies: { identities: ['azure'] },
    instance: 'own',
    group: 'ds-broken',
    cloud: { faults: [{ kind: 'malformed', endpoint: 'metadata' }] },
  },
  async (context) => {
    const { kept } = await metadataOf(context)
    const reports = healthReports(Object.entries(kept))
    context
      .expect(
        reports.map(({ state }) => state),
        'health reports',
      )
      .toContain('NotReady')
    context
      .expect(reports.find(({ state }) => state === 'NotReady')?.description ?? '', 'the reason')
      .toMatch(/imds|metadata|pars/i)
  },
)

regression(
  'reg-ds-gce-host-keys',
  {
    title: 'an instance on GCE publishes its host keys as guest attributes',
    because: 'by them the first login is no leap of faith',
    source: 'https://cloud.google.com/compute/docs/metadata/manage-guest-attributes',
    severity: 'major',
    fix: 'look for publish_host_keys in the configuration of the module ssh',
    applies: { identities: ['gce'] },
    instance: 'own',
    group: 'ds-host-keys',
    cloud: { document: { tags: { 'enable-guest-attributes': 'TRUE' } } },
  },
  async (context) => {
    const { kept } = await metadataOf(context)
    const published = Object.entries(kept).filter(([name]) => name.startsWith('guest-attributes/hostkeys/'))
    const own = await context.instance.root.sh`cat /etc/ssh/ssh_host_*_key.pub`
    context.expect(published.length, 'keys published').toBeGreaterThan(0)
    for (const [name, key] of published) context.expect(own, name).toContain(key.trim())
  },
)
