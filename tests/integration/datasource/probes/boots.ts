import { randomBytes } from 'node:crypto'
import type { CloudName, Instance, RegressionContext } from '../../../../src/testing/index.ts'
import { cross } from '../../probes/crossing.ts'
import type { Crossing } from '../../probes/crossing.ts'
import { metadataOf } from './cloud.ts'
import type { Metadata } from './cloud.ts'

/** Seconds the datasources that ask on every boot may wait; their own limit is minutes. */
const WAITING =
  'datasource: { Ec2: { max_wait: 12, timeout: 4 }, OpenStack: { max_wait: 12, timeout: 4, retries: 2 } }\n'
const WAITING_FILE = '/etc/cloud/cloud.cfg.d/96-harness-waiting.cfg'

/**
 * Clouds on which a copy of a machine notices that it is another one. Not Vultr: its datasource compares two values of the firmware with
 * each other, and neither with what it has kept, so it keeps its old identity whenever these two are equal.
 * https://github.com/canonical/cloud-init/blob/main/cloudinit/sources/DataSourceVultr.py, `check_instance_id`
 */
export const NOTICES_ANOTHER = [
  'ec2',
  'gce',
  'azure',
  'openstack',
  'oracle',
  'hetzner',
  'digitalocean',
  'nocloud-net',
] as const satisfies readonly CloudName[]

/** Times at which modules that run once for an instance were last run, by name. */
export async function onceForInstance(instance: Instance): Promise<Record<string, string>> {
  const text = await instance.root.sh`cd /var/lib/cloud/instance/sem && stat -c '%n %Y.%i' config_* 2>/dev/null; :`
  return Object.fromEntries(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ', 2) as [string, string]),
  )
}

/** A reboot during which nothing answers at the address of the metadata service. Shared by the checks about it. */
export function rebootWithoutService(
  context: Pick<RegressionContext, 'imds' | 'skip' | 'instance' | 'signal'>,
): Promise<Crossing<{ modules: Record<string, string>; metadata: Metadata }>> {
  const { instance, signal } = context
  return cross(instance, 'without-metadata-service', {
    via: 'platform',
    signal,
    prepare: async () => {
      const metadata = await metadataOf(context)
      await instance.root.writeFile(WAITING_FILE, WAITING)
      const modules = await onceForInstance(instance)
      await metadata.imds.forget()
      // Azure waits for it for minutes, all others give up before.
      await metadata.imds.setFaults([{ kind: 'reset', forMs: 25_000 }])
      return { modules, metadata }
    },
  }).finally(async () => {
    await context.imds?.setFaults([])
    await instance.root.run(['rm', '-f', WAITING_FILE])
  })
}

/** A reboot after which the metadata are those of another instance, with one address more. Shared by the checks about it. */
export function rebootAsAnother(
  context: Pick<RegressionContext, 'imds' | 'skip' | 'instance' | 'signal'>,
): Promise<Crossing<{ metadata: Metadata; address: string }>> {
  const { instance, signal } = context
  return cross(instance, 'another-instance', {
    via: 'platform',
    signal,
    prepare: async () => {
      const before = await metadataOf(context)
      const { imds, cloud, document } = before
      const [first, ...others] = document.nics
      if (!first) return context.skip('the metadata have no network card')
      const address = first.ipv4.address.replace(/\d+$/, '77')
      await imds.setFaults([])
      await imds.change({
        ...cloud.ids(randomBytes(32)),
        nics: [{ ...first, ipv4: { ...first.ipv4, secondary: [address] } }, ...others],
      })
      await imds.forget()
      const metadata = { ...before, ...(await imds.state()) }
      await instance.machine.setFirmware?.(metadata.dmi)
      return { metadata, address }
    },
  })
}
