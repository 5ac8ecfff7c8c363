import { randomUUID } from 'node:crypto'
import { PrerequisiteError, UnsupportedError } from '../../../core/errors.ts'
import { findCloud } from '../../../imds/clouds.ts'
import { newDocument } from '../../../imds/document.ts'
import type { CloudIdentity } from '../../cloud-identity.ts'
import type { LaunchRequest } from '../../platform.ts'
import type { Devices } from '../api.ts'
import type { LxdClient } from '../client.ts'
import { destroyInstance } from '../destroy.ts'
import { tagsOf } from '../tags.ts'
import { CONTROL_KEY } from './control-key.ts'
import { makeGuestNetwork } from './guest-network.ts'
import { guestScript, SCRIPT_PATH } from './guest-script.ts'
import { startGuestService } from '../../guest-service.ts'

/** What an instance is created with so that it has the identity of a cloud. */
export interface PreparedGuest {
  config: Record<string, string>
  devices: Devices
  /** Goes to `SCRIPT_PATH` before the first start. */
  script: string
}

/**
 * Makes the networks and starts the metadata service of an instance that is about to be created.
 * The guest's side is a proxy device of LXD, which needs no rights on the host, and ends with the instance.
 * @throws UnsupportedError on a remote server or a virtual machine
 */
export async function prepareGuest(
  context: { client: LxdClient; extensions: ReadonlySet<string> },
  request: LaunchRequest,
  identity: CloudIdentity,
): Promise<PreparedGuest> {
  const { client, extensions } = context
  if (client.endpoint.kind === 'https')
    throw new UnsupportedError('a cloud identity needs an LXD on this host', {
      hint: 'its metadata service is a process beside LXD',
    })
  if (request.boot !== undefined && request.boot !== 'container')
    throw new UnsupportedError('a cloud identity is given to containers of LXD only', {
      hint: 'for a machine with firmware use the platform qemu',
    })
  if (!extensions.has('network_acl')) {
    throw new UnsupportedError(
      'this server has no network ACLs, so a guest could reach the metadata service of the host',
      {
        hint: 'use LXD 4.20 or newer, or Incus',
      },
    )
  }
  const cloud = findCloud(identity.cloud)
  await destroyInstance(client, request.name, { onlyOf: request.owner })
  const networks = []
  for (let index = 0; index < Math.max(1, identity.nics ?? 1); index++)
    networks.push(
      await makeGuestNetwork(client, {
        instance: request.name,
        index,
        cloud,
        identity,
        tags: tagsOf(request.owner),
      }),
    )
  const { userData, vendorData, sshKeys } = request
  const first = networks[0]
  if (!first) throw new PrerequisiteError('an instance needs a network card')
  const document = newDocument(cloud, request.name, {
    hostname: request.name.slice(0, 60),
    nics: networks.map(({ nic }) => nic),
    dns: [first.nic.ipv4.gateway ?? ''],
    sshKeys: [...(sshKeys ?? [])],
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData }),
    ...identity.document,
  })
  const service = await startGuestService(request.name, cloud, document, identity)
  return {
    config: {
      'raw.lxc': `lxc.hook.start=${SCRIPT_PATH}`,
      'security.devlxd': 'false',
      [CONTROL_KEY]: service.control,
    },
    devices: {
      ...Object.fromEntries(
        networks.map(({ name, nic }, index) => [
          `eth${index}`,
          {
            type: 'nic',
            name: `eth${index}`,
            network: name,
            hwaddr: nic.mac,
            'ipv4.address': nic.ipv4.address,
            ...(nic.ipv6 ? { 'ipv6.address': nic.ipv6.addresses[0] ?? '' } : {}),
          },
        ]),
      ),
      ...Object.fromEntries(
        service.sockets.map(({ endpoint, address, path }) => [
          `imds-${endpoint}`,
          { type: 'proxy', bind: 'guest', listen: `tcp:${address}:80`, connect: `unix:${path}` },
        ]),
      ),
    },
    script: guestScript(cloud, service.document, randomUUID()),
  }
}
