import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import type { Owner } from '../platform.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { CloudRecord } from './cloud/prepare-guest.ts'
import { hostError, missing } from './errors.ts'
import type { Accelerator, Architecture, LaunchExtra } from './options.ts'
import { settledFolders } from './staging.ts'

/** A disk or network card that was added to a machine. */
export interface ExtraDisk {
  id: string
  file: string
  /** Number of the socket it is plugged into; disks and cards share them. */
  plug: number
}

export interface ExtraNic {
  id: string
  mac: string
  plug: number
}

/** What a machine is: the file `machine.json` of its folder. It says who owns it and everything a start needs. */
export interface MachineRecord {
  version: 1
  name: string
  owner: Owner
  /** Path of the image it was made from, or the snapshot. */
  image: string
  architecture: Architecture
  accelerator: Accelerator
  boot: string
  cpus: number
  memoryMiB: number
  uuid: string
  mac: string
  instanceId: string
  /** File names of the root disk in the folder, lowest first; the last is written to. The first may have the image below it. */
  layers: string[]
  /** Size of the root disk. */
  diskBytes: number
  firmware?: { code: string; format: string; smm: boolean }
  seed: boolean
  /** Public keys the seed authorises. */
  sshKeys: string[]
  network: 'user' | 'isolated' | 'open'
  /** The identity of a cloud. */
  cloud?: CloudRecord
  disks: ExtraDisk[]
  nics: ExtraNic[]
  extra: Pick<LaunchExtra, 'ports' | 'kernel' | 'smbios' | 'arguments'>
  /** Names of files with the memory to continue from at the next start. */
  memory?: string
  user?: string
  /** The QEMU that runs it, or ran it last. */
  process?: ProcessIdentity
}

/** A picture of a machine: `snapshot.json` of its folder. */
export interface SnapshotRecord {
  version: 1
  name: string
  owner: Owner
  /** How the machine was when it was taken; `layers` are its frozen files. */
  machine: MachineRecord
  memory?: string
}

const RECORD = 'machine.json'
const SNAPSHOT = 'snapshot.json'

export function machinesDir(root: string): string {
  return join(root, 'machines')
}

export function snapshotsDir(root: string): string {
  return join(root, 'snapshots')
}

/** Folder of a machine. @throws ConfigError for a name that could not be a folder */
export function machineDir(root: string, name: string): string {
  return join(machinesDir(root), checkedName(name))
}

/** Folder of a snapshot by its id, `machine/snapshot`. @throws ConfigError */
export function snapshotDir(root: string, id: string): string {
  const [machine = '', snapshot = ''] = id.split('/')
  return join(snapshotsDir(root), `${checkedName(machine)}+${checkedName(snapshot)}`)
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return name
  throw new ConfigError(`"${name}" is not a name for a machine`, {
    hint: 'use letters, digits, dots and dashes, at most 63 characters',
  })
}

/** @throws PlatformError not-found */
export async function readRecord(dir: string, name: string): Promise<MachineRecord> {
  const record = await readJson<MachineRecord>(join(dir, RECORD))
  if (!record) throw missing(`there is no machine ${name} of QEMU on this host`, 'harness sweep --dry-run lists them')
  return record
}

/** Replaces the record in one step: a reader sees the old or the new one. */
export async function writeRecord(dir: string, record: MachineRecord): Promise<void> {
  await writeJson(dir, RECORD, record)
}

/** Undefined when there is none. */
export async function findSnapshot(dir: string): Promise<SnapshotRecord | undefined> {
  return await readJson<SnapshotRecord>(join(dir, SNAPSHOT))
}

export async function writeSnapshot(dir: string, record: SnapshotRecord): Promise<void> {
  await writeJson(dir, SNAPSHOT, record)
}

/** Every machine, by its folder. */
export async function listMachines(root: string): Promise<MachineRecord[]> {
  const names = await settledFolders(machinesDir(root))
  const found = await Promise.all(names.map((name) => readJson<MachineRecord>(join(machinesDir(root), name, RECORD))))
  return found.filter((record) => record !== undefined)
}

/** Every snapshot with its id, by its folder. */
export async function listSnapshots(root: string): Promise<{ id: string; owner: Owner }[]> {
  const names = await settledFolders(snapshotsDir(root))
  const found = await Promise.all(
    names.map(async (name) => {
      const record = await readJson<SnapshotRecord>(join(snapshotsDir(root), name, SNAPSHOT))
      return record && { id: name.replace('+', '/'), owner: record.owner }
    }),
  )
  return found.filter((record) => record !== undefined)
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

async function writeJson(dir: string, name: string, value: object): Promise<void> {
  const fresh = join(dir, `.${name}.${randomBytes(4).toString('hex')}`)
  try {
    await writeFile(fresh, `${JSON.stringify(value, undefined, 1)}\n`, { mode: 0o600 })
    await rename(fresh, join(dir, name))
  } catch (error) {
    await rm(fresh, { force: true })
    throw hostError(`writing ${join(dir, name)}`, error)
  }
}
