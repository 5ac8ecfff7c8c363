import { findCloud } from '../../../imds/clouds.ts'
import { connectControl } from '../../../imds/control.ts'
import type { InstanceInfo } from '../api.ts'
import type { LxdClient } from '../client.ts'
import { tagsIn } from '../tags.ts'
import { CONTROL_KEY } from './control-key.ts'
import { makeGuestNetwork } from './guest-network.ts'

/** A card for an instance with the identity of a cloud: on a shielded network of its own, and told by the metadata from now on. */
export async function cloudNic(client: LxdClient, instance: InstanceInfo): Promise<Record<string, string> | undefined> {
  const control = instance.config[CONTROL_KEY]
  if (!control) return undefined
  const service = connectControl(control)
  const { document } = await service.state()
  const { nics } = document
  const { name, nic } = await makeGuestNetwork(client, {
    instance: instance.name,
    index: nics.length,
    cloud: findCloud(document.cloud),
    identity: {},
    tags: tagsIn(instance.config),
  })
  await service.change({ nics: [...nics, nic] })
  return { network: name, hwaddr: nic.mac, 'ipv4.address': nic.ipv4.address }
}

/** The metadata no longer tell a card that was taken away. */
export async function forgetNic(instance: InstanceInfo, mac: string | undefined): Promise<void> {
  const control = instance.config[CONTROL_KEY]
  if (!control || mac === undefined) return
  const service = connectControl(control)
  const { document } = await service.state()
  await service.change({ nics: document.nics.filter((nic) => nic.mac !== mac) })
}
