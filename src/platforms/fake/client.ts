import { randomBytes } from 'node:crypto'
import { CancelledError } from '../../core/errors.ts'
import { pause } from '../../core/wait-until.ts'
import type { LaunchRequest, Owner, Resource } from '../platform.ts'
import { codeOf, FakeProviderError } from './errors.ts'
import { Directory } from './directory.ts'
import type { FileTree } from './file-tree.ts'
import { Guest, imageFiles } from './guest.ts'
import type { BootFault } from './guest.ts'
import type { Fault, Settings } from './options.ts'

/** A machine as the fake provider keeps it. */
export interface Record {
  id: string
  name: string
  image: string
  owner: Owner
  guest: Guest
  nics: Set<string>
  disks: Set<string>
  number: number
}

interface Snapshot {
  id: string
  name: string
  owner: Owner
  files: FileTree
}

const worlds = new Map<string, FakeCloud>()

/** The provider: everything it has is in this memory. Sessions that name the same world share it. */
export class FakeCloud {
  readonly machines = new Map<string, Record>()
  readonly snapshots = new Map<string, Snapshot>()
  #counter = 0

  static open(name: string): FakeCloud {
    const known = worlds.get(name) ?? new FakeCloud()
    worlds.set(name, known)
    return known
  }

  /** Creates and starts a machine; removes it again when cancelled on the way. */
  async launch(request: LaunchRequest, settings: Settings, faults: Faults): Promise<Record> {
    faults.provider('launch', request.name)
    const files = this.#filesOf(request.image, settings)
    const namesake = [...this.machines.values()].find((machine) => machine.name === request.name)
    if (namesake && namesake.owner.runId !== request.owner.runId)
      throw new FakeProviderError(codeOf('conflict'), `${request.name} exists already`)
    if (namesake) this.machines.delete(namesake.id)
    const record: Record = {
      id: `fake-${randomBytes(5).toString('hex')}`,
      name: request.name,
      image: request.image,
      owner: request.owner,
      guest: new Guest(files, request.name, settings),
      nics: new Set(['eth0']),
      disks: new Set(),
      number: ++this.#counter,
    }
    this.#seed(record, request)
    this.machines.set(record.id, record)
    const directory = new Directory(settings.directory)
    directory.put({ kind: 'machine', id: record.id, owner: record.owner })
    await pause(settings.launchMs, request.signal)
    if (request.signal?.aborted) {
      this.machines.delete(record.id)
      directory.delete(record.id)
      throw new CancelledError(`cancelled while launching ${request.name}`)
    }
    record.guest.powerOn(faults.boot(request.name))
    return record
  }

  #filesOf(image: string, settings: Settings): FileTree {
    const snapshot = this.snapshots.get(image)
    if (snapshot) return snapshot.files.copy()
    if (!settings.images.includes(image))
      throw new FakeProviderError(
        codeOf('not-found'),
        `there is no image "${image}"; images: ${settings.images.join(', ')}`,
      )
    return imageFiles(image)
  }

  #seed(record: Record, request: LaunchRequest): void {
    const { files } = record.guest
    files.makeFolder('/var/lib/cloud/seed', { parents: true })
    if (request.userData !== undefined) files.write('/var/lib/cloud/seed/user-data', request.userData)
    if (request.vendorData !== undefined) files.write('/var/lib/cloud/seed/vendor-data', request.vendorData)
    if (request.networkConfig !== undefined) files.write('/var/lib/cloud/seed/network-config', request.networkConfig)
    files.makeFolder('/root/.ssh', { parents: true, mode: 0o700 })
    files.write('/root/.ssh/authorized_keys', (request.sshKeys ?? []).map((key) => `${key}\n`).join(''), {
      mode: 0o600,
    })
  }

  /** A machine that runs already, for a process that did not launch it. */
  adopt(id: string, settings: Settings, owner: Owner): Record {
    const guest = new Guest(imageFiles(settings.images[0] ?? 'debian-13'), id, { ...settings, bootMs: 0, agentMs: 0 })
    guest.powerOn(undefined)
    const record = {
      id,
      name: id,
      image: settings.images[0] ?? '',
      owner,
      guest,
      nics: new Set(['eth0']),
      disks: new Set<string>(),
      number: ++this.#counter,
    }
    this.machines.set(id, record)
    return record
  }

  snapshot(record: Record, name: string): Snapshot {
    const made = {
      id: `fake-snapshot-${name}-${randomBytes(3).toString('hex')}`,
      name,
      owner: record.owner,
      files: record.guest.files.copy(),
    }
    this.snapshots.set(made.id, made)
    return made
  }

  list(runId: string | undefined, directory: Directory): Resource[] {
    const machines = [...this.machines.values()].map((machine) => ({
      kind: 'machine' as const,
      id: machine.id,
      owner: machine.owner,
    }))
    const snapshots = [...this.snapshots.values()].map((snapshot) => ({
      kind: 'snapshot' as const,
      id: snapshot.id,
      owner: snapshot.owner,
    }))
    const own = [...machines, ...snapshots]
    const others = directory.list().filter(({ id }) => !own.some((known) => known.id === id))
    return [...own, ...others]
      .filter(({ owner }) => runId === undefined || owner.runId === runId)
      .map(({ kind, id, owner }) => ({ kind, id, runId: owner.runId, cell: owner.cell, expires: owner.expires }))
  }
}

/** The faults of one session, each counted down as it happens. */
export class Faults {
  readonly #left: { fault: Fault; times: number; after: number }[]

  constructor(faults: readonly Fault[]) {
    this.#left = faults.map((fault) => ({
      fault,
      times: fault.times ?? Number.POSITIVE_INFINITY,
      after: fault.after ?? 0,
    }))
  }

  /** @throws FakeProviderError when the call is to fail */
  provider(at: string, name: string): void {
    const hit = this.#take((fault) => fault.at === at && matches(fault.name, name))
    if (hit && 'kind' in hit)
      throw new FakeProviderError(codeOf(hit.kind), `${at} of ${name} failed on purpose (${hit.kind})`)
  }

  boot(name: string): BootFault {
    const hit = this.#take((fault) => fault.at === 'boot' && matches(fault.name, name))
    return hit?.at === 'boot' ? hit.how : undefined
  }

  exec(name: string, command: string): 'lost' | 'hang' | undefined {
    const hit = this.#take(
      (fault) => fault.at === 'exec' && matches(fault.name, name) && matches(fault.command, command),
    )
    return hit?.at === 'exec' ? hit.how : undefined
  }

  #take(wanted: (fault: Fault) => boolean): Fault | undefined {
    const found = this.#left.find((entry) => entry.times > 0 && wanted(entry.fault) && entry.after-- <= 0)
    if (found) found.times--
    return found?.fault
  }
}

function matches(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(pattern).test(text)
}
