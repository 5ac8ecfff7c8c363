import { UnsupportedError } from '../core/errors.ts'
import type { CloudName } from '../imds/cloud.ts'
import type { ImdsControl } from '../imds/control.ts'
import type { DocumentChange, InstanceDocument } from '../imds/document.ts'
import type { Instance } from '../instance/instance.ts'
import type { CloudIdentity } from './cloud-identity.ts'
import type { LaunchOptions, Session } from './session.ts'

/** A machine as the API of a cloud is asked for one. */
export interface CloudGuestRequest
  extends
    Pick<LaunchOptions, 'image' | 'name' | 'owner' | 'instanceType' | 'boot' | 'deadline' | 'signal' | 'extra'>,
    Pick<CloudIdentity, 'nics' | 'secondaryAddresses' | 'ipv6' | 'faults'> {
  cloud: CloudName
  /**
   * What the request said: id, type, region, zone, tags, keys, user-data (with `userDataBase64` when they are bytes), `tokensRequired`.
   * What is not named gets a default. Cards and name servers are those of the platform's network.
   */
  document?: Omit<DocumentChange, 'nics' | 'dns'>
}

/** A running guest of a cloud that is played. `instance` is yours: `await using` or `destroy` ends it and its metadata service. */
export interface CloudGuest {
  instance: Instance
  /** Its metadata service: `change({ tags })` when the API changes something, `setFaults`, `state().exchanges`. */
  imds: ImdsControl
  /** What the metadata service tells, with the addresses the guest really has: for the answers of the API. */
  document: InstanceDocument
}

/**
 * Boots a guest that believes it is on a cloud, with the content of an API request. Only the keys in the document are authorised.
 * The metadata service runs in this process and ends with it, or with the session. Resolves when the machine has been started;
 * `instance.waitUntilReady()` waits for its boot. Start, stop and reboot through `instance` keep the service.
 * @param session one of `openPlatform('lxd', {})`, or of another platform with the capability `cloud-identity`
 * @throws ConfigError for a document that is none, user-data too large among it; PlatformError, UnsupportedError, CancelledError
 */
export async function launchCloudGuest(session: Session, request: CloudGuestRequest): Promise<CloudGuest> {
  if (!session.manifest.capabilities.includes('cloud-identity'))
    throw new UnsupportedError(`${session.manifest.name} gives guests no identity of a cloud`, {
      hint: 'use lxd or qemu on this host',
    })
  const { cloud, document = {}, nics, secondaryAddresses, ipv6, faults, ...launch } = request
  const instance = await session.launch({
    ...launch,
    cloudIdentity: {
      cloud,
      document: { sshKeys: [], ...document },
      ...(nics === undefined ? {} : { nics }),
      ...(secondaryAddresses === undefined ? {} : { secondaryAddresses }),
      ...(ipv6 === undefined ? {} : { ipv6 }),
      ...(faults === undefined ? {} : { faults }),
    },
  })
  const { imds } = instance.machine
  if (!imds) {
    await instance.destroy()
    throw new UnsupportedError(`${session.manifest.name} started a guest without a metadata service`)
  }
  return { instance, imds, document: (await imds.state()).document }
}
