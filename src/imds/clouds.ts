import { ConfigError } from '../core/errors.ts'
import azure from './azure.ts'
import { CLOUD_NAMES } from './cloud.ts'
import type { Cloud, CloudName } from './cloud.ts'
import digitalocean from './digitalocean.ts'
import ec2 from './ec2.ts'
import gce from './gce.ts'
import hetzner from './hetzner.ts'
import nocloudNet from './nocloud-net.ts'
import openstack from './openstack.ts'
import oracle from './oracle.ts'
import vultr from './vultr.ts'

/** Every cloud, by name. */
export const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  ec2,
  gce,
  azure,
  openstack,
  oracle,
  hetzner,
  digitalocean,
  vultr,
  'nocloud-net': nocloudNet,
}

/** The cloud of a name a user wrote. @throws ConfigError naming the clouds there are */
export function findCloud(name: string): Cloud {
  if (Object.hasOwn(CLOUDS, name)) return CLOUDS[name as CloudName]
  throw new ConfigError(`there is no cloud "${name}"`, { hint: `choose one of ${CLOUD_NAMES.join(', ')}` })
}
