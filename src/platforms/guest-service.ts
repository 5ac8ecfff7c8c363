import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir } from '../core/temp-dir.ts'
import type { Cloud, EndpointName } from '../imds/cloud.ts'
import { listenForControl } from '../imds/control.ts'
import type { InstanceDocument } from '../imds/document.ts'
import { ImdsService } from '../imds/imds-service.ts'
import { listen } from '../imds/listen.ts'
import { NO_STOCK, readStock, withAnswers } from '../imds/stock.ts'
import type { CloudIdentity } from './cloud-identity.ts'

/** The metadata service of one guest, and the sockets by which the guest and its testers reach it. */
export interface GuestService extends AsyncDisposable {
  document: InstanceDocument
  sockets: { endpoint: EndpointName; address: string; path: string }[]
  /** Socket for `connectControl`. */
  control: string
}

const running = new Map<string, GuestService>()

/**
 * Starts the service of an instance in this process; `instance` names it among those of all platforms here. The sockets lie in a folder that only this user can enter;
 * whoever is connected to one of them is that guest, so no address decides what is told to whom.
 */
export async function startGuestService(
  instance: string,
  cloud: Cloud,
  document: InstanceDocument,
  options: Pick<CloudIdentity, 'faults' | 'stock' | 'answers'>,
): Promise<GuestService> {
  await stopGuestService(instance)
  const given = options.stock === undefined ? NO_STOCK : await readStock(options.stock)
  const stock = withAnswers(given, options.answers ?? {})
  const service = new ImdsService(cloud, document, { stock, faults: options.faults ?? [] })
  await using stack = new AsyncDisposableStack()
  const folder = await makeTempDir('imds')
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const sockets: GuestService['sockets'] = []
  for (const { name, address } of cloud.endpoints) {
    const path = join(folder, name)
    stack.use(await listen(service, name, { path }))
    sockets.push({ endpoint: name, address, path })
  }
  const control = join(folder, 'control')
  stack.use(await listenForControl(service, control))
  const resources = stack.move()
  const started: GuestService = {
    document: service.document,
    sockets,
    control,
    [Symbol.asyncDispose]: async () => {
      if (running.get(instance) === started) running.delete(instance)
      await resources.disposeAsync()
    },
  }
  running.set(instance, started)
  return started
}

/** Ends the service of an instance, when this process runs one. */
export async function stopGuestService(instance: string): Promise<void> {
  await running.get(instance)?.[Symbol.asyncDispose]()
}
