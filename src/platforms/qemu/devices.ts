import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import { blockNode, cardOf, HOT_PLUGS, netdev, nodeOf, socketOf } from './arguments.ts'
import { QmpClient } from './client.ts'
import type { Waiting } from './client.ts'
import type { Place } from './power.ts'
import { isRunning, monitorOf } from './process.ts'
import { createDisk } from './qemu-img.ts'
import { readRecord, writeRecord } from './record.ts'
import type { MachineRecord } from './record.ts'

const DEVICE_MS = 30_000
/** A guest unplugs only when its kernel answers the request; under emulation that may take a while. */
const UNPLUG_MS = 60_000

/** Adds a network card on a network of its own, also while the machine runs. Gives its id. */
export async function addNic(place: Place): Promise<string> {
  const record = await readRecord(place.dir, place.name)
  const nic = { id: `nic-${randomBytes(4).toString('hex')}`, mac: newMac(), plug: freePlug(record) }
  const device = { driver: 'virtio-net-pci', id: cardOf(nic.id), netdev: nic.id, mac: nic.mac, bus: socketOf(nic.plug) }
  await inQemu(place, record, async (qemu, waiting) => {
    await qemu.execute('netdev_add', netdevObject(netdev(nic.id, record, nic.plug)), waiting)
    await qemu.execute('device_add', { ...device, romfile: '' }, waiting)
  })
  await writeRecord(place.dir, { ...record, nics: [...record.nics, nic] })
  return nic.id
}

/** Adds an empty disk, also while the machine runs. Gives its id. */
export async function addDisk(place: Place, sizeGiB: number): Promise<string> {
  const record = await readRecord(place.dir, place.name)
  const id = `disk-${randomBytes(4).toString('hex')}`
  const disk = { id, file: `${id}.qcow2`, plug: freePlug(record) }
  const path = join(place.dir, disk.file)
  await createDisk(path, { size: sizeGiB * 1024 ** 3 }, { deadlineMs: DEVICE_MS })
  try {
    const device = {
      driver: 'virtio-blk-pci',
      id,
      drive: nodeOf(id),
      serial: id.slice(0, 20),
      bus: socketOf(disk.plug),
    }
    await inQemu(place, record, async (qemu, waiting) => {
      await qemu.execute('blockdev-add', blockNode(nodeOf(id), disk.file, 'qcow2'), waiting)
      await qemu.execute('device_add', device, waiting)
    })
    await writeRecord(place.dir, { ...record, disks: [...record.disks, disk] })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return id
}

/** Takes a network card away. One that is gone is fine. @throws WaitTimeoutError when the guest does not let go of it */
export async function removeNic(place: Place, id: string): Promise<void> {
  const record = await readRecord(place.dir, place.name)
  if (!record.nics.some((nic) => nic.id === id)) return
  await inQemu(place, record, async (qemu, waiting) => {
    await unplug(qemu, place, cardOf(id), waiting)
    await qemu.execute('netdev_del', { id }, waiting)
  })
  await writeRecord(place.dir, { ...record, nics: record.nics.filter((nic) => nic.id !== id) })
}

/** Takes a disk away and deletes it. One that is gone is fine. @throws WaitTimeoutError when the guest does not let go of it */
export async function removeDisk(place: Place, id: string): Promise<void> {
  const record = await readRecord(place.dir, place.name)
  const disk = record.disks.find((known) => known.id === id)
  if (!disk) return
  await inQemu(place, record, async (qemu, waiting) => {
    await unplug(qemu, place, id, waiting)
    await qemu.execute('blockdev-del', { 'node-name': nodeOf(id) }, waiting)
  })
  await writeRecord(place.dir, { ...record, disks: record.disks.filter((known) => known !== disk) })
  await rm(join(place.dir, disk.file), { force: true })
}

/** A stopped machine has nothing to be told: the next start reads the record. */
async function inQemu(
  place: Place,
  record: MachineRecord,
  work: (qemu: QmpClient, waiting: Waiting) => Promise<void>,
): Promise<void> {
  if (!isRunning(record)) return
  const waiting = { deadlineMs: DEVICE_MS }
  using qemu = await QmpClient.open(monitorOf(place.dir), waiting)
  await work(qemu, waiting)
}

async function unplug(qemu: QmpClient, place: Place, device: string, waiting: Waiting): Promise<void> {
  await waitUntil(
    { what: `${place.name} to let go of ${device}`, deadlineMs: UNPLUG_MS, intervalMs: 200 },
    async (): Promise<Attempt<void>> => {
      const devices = (await qemu.execute('qom-list', { path: '/machine/peripheral' }, waiting)) as { name: string }[]
      if (!devices.some(({ name }) => name === device)) return { done: true, value: undefined }
      // A guest that was still starting has missed the request; one that works on it is left alone.
      await qemu.execute('device_del', { id: device }, waiting).catch((error: unknown) => {
        if (!(error instanceof PlatformError) || !/in the process of unplug|not found/i.test(error.message)) throw error
      })
      return { done: false, saw: 'still plugged in' }
    },
  )
}

function freePlug(record: MachineRecord): number {
  const taken = new Set([...record.nics, ...record.disks].map(({ plug }) => plug))
  const free = Array.from({ length: HOT_PLUGS }, (_, index) => index).find((plug) => !taken.has(plug))
  if (free === undefined)
    throw new ConfigError(`${record.name} has ${HOT_PLUGS} added disks and network cards already`, {
      hint: 'remove one first',
    })
  return free
}

/** The command wants the words of the command line as an object. */
function netdevObject(words: string): object {
  const [type, ...pairs] = words.split(',')
  const values = pairs.map((pair): [string, unknown] => {
    const [key = '', value = ''] = pair.split('=')
    return [key, value === 'on' ? true : value === 'off' ? false : value]
  })
  return { type, ...Object.fromEntries(values) }
}

/** A locally administered address in the range QEMU uses. */
export function newMac(): string {
  return ['52', '54', '00', ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':')
}
