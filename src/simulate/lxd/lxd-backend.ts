import { createHash } from 'node:crypto'
import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import type { DocumentChange, Nic } from '../../imds/document.ts'
import { launchCloudGuest } from '../../platforms/cloud-guest.ts'
import type { CloudGuest } from '../../platforms/cloud-guest.ts'
import { openPlatform } from '../../platforms/open-platform.ts'
import type { Session } from '../../platforms/session.ts'
import type { Backend, MachineSpec, PowerState } from '../backend.ts'

const POWER = { deadlineMs: 120_000 }

interface Kept {
  guest: CloudGuest
  /** Images made of it: their disks are in its container, which stays until they are forgotten. */
  images: Set<string>
  destroyed: boolean
}

/** Containers of LXD, each with the metadata service of its cloud. Only on the host of the daemon. */
export class LxdBackend implements Backend {
  readonly name = 'lxd'
  /** LXD says `Stopped` from the end of the old init until the new one runs, and on a busy host that takes its time. */
  readonly rebootMs = 20_000
  readonly #session: Session
  readonly #machines = new Map<string, Kept>()
  /** Launches wait for each other: one host gains nothing from many at once. */
  #launching: Promise<unknown> = Promise.resolve()

  private constructor(session: Session) {
    this.#session = session
  }

  /** @throws PrerequisiteError without a daemon */
  static async open(): Promise<LxdBackend> {
    return new LxdBackend(await openPlatform('lxd', {}))
  }

  async launch(spec: MachineSpec): Promise<void> {
    const { nics: _nics, dns: _dns, ...document } = spec.document
    const launch = () =>
      launchCloudGuest(this.#session, {
        cloud: spec.cloud,
        image: spec.image,
        name: containerName(spec.id),
        document,
        nics: spec.nics ?? 1,
        ipv6: spec.ipv6 ?? false,
        deadline: '5 minutes',
      })
    const launching = this.#launching.then(launch, launch)
    this.#launching = launching.catch(() => undefined)
    this.#machines.set(spec.id, { guest: await launching, images: new Set(), destroyed: false })
    for (const sizeGiB of spec.disks ?? []) await this.addDisk(spec.id, sizeGiB)
  }

  async state(id: string): Promise<PowerState> {
    const kept = this.#machines.get(id)
    if (!kept || kept.destroyed) return 'gone'
    const state = await kept.guest.instance.machine.state()
    if (state === 'gone') return 'gone'
    return state === 'stopped' || state === 'error' ? 'stopped' : 'running'
  }

  async start(id: string): Promise<void> {
    await this.#machine(id).start(POWER)
  }

  async stop(id: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    await this.#machine(id).stop({ ...POWER, force })
  }

  async reboot(id: string): Promise<void> {
    await this.#machine(id).restart(POWER)
  }

  async destroy(id: string): Promise<void> {
    const kept = this.#machines.get(id)
    if (!kept) return
    kept.destroyed = true
    const { instance } = kept.guest
    if (kept.images.size > 0) return await instance.machine.stop({ ...POWER, force: true })
    await instance.destroy({ deadline: '2 minutes' })
    this.#machines.delete(id)
  }

  async console(id: string): Promise<string> {
    return await this.#machine(id).consoleLog()
  }

  async nics(id: string): Promise<readonly Nic[]> {
    return (await this.#of(id).imds.state()).document.nics
  }

  async tell(id: string, change: DocumentChange): Promise<void> {
    await this.#of(id).imds.change(change)
  }

  async left(id: string): Promise<Readonly<Record<string, string>>> {
    return (await this.#of(id).imds.state()).kept
  }

  async capture(id: string): Promise<string> {
    const { images } = this.#of(id)
    const made = await this.#machine(id).snapshot(`image-${images.size + 1}`, POWER)
    images.add(made.id)
    return made.id
  }

  async importDisk(file: string): Promise<string> {
    throw new UnsupportedError(`a container cannot boot the disk ${file}`, { hint: 'use the back end memory' })
  }

  async forget(image: string): Promise<void> {
    const [id, kept] = [...this.#machines].find(([, machine]) => machine.images.has(image)) ?? []
    if (id === undefined || !kept) return
    await kept.guest.instance.machine.deleteSnapshot(image)
    kept.images.delete(image)
    if (kept.destroyed) await this.destroy(id)
  }

  async addDisk(id: string, sizeGiB: number): Promise<string> {
    return (await this.#machine(id).addDisk({ sizeGiB })).id
  }

  async addNic(id: string): Promise<string> {
    return (await this.#machine(id).addNic()).id
  }

  async removeDevice(id: string, device: string): Promise<void> {
    if (!this.#machines.has(id)) return
    const machine = this.#machine(id)
    await (device.startsWith('disk') ? machine.removeDisk(device) : machine.removeNic(device))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#launching
    await Promise.all([...this.#machines.values()].map(({ guest }) => guest.instance[Symbol.asyncDispose]()))
    this.#machines.clear()
    await this.#session[Symbol.asyncDispose]()
  }

  #of(id: string): Kept & CloudGuest {
    const kept = this.#machines.get(id)
    if (!kept || kept.destroyed) throw new PlatformError('not-found', `there is no machine ${id}`)
    return { ...kept, ...kept.guest }
  }

  #machine(id: string) {
    return this.#of(id).instance.machine
  }
}

/** A host name that tells the machine, and that no other simulator on this host uses. */
function containerName(id: string): string {
  const own = createHash('sha256').update(`${id} ${process.pid}`).digest('hex').slice(0, 6)
  const readable = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
  return `sim-${readable}-${own}`
}
