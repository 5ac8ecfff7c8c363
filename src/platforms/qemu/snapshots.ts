import { copyFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import { blockNode, KEY, rootNode, VARIABLES } from './arguments.ts'
import { QmpClient } from './client.ts'
import type { Waiting } from './client.ts'
import { addLayer, linkFiles } from './layers.ts'
import type { Place } from './power.ts'
import { isRunning, monitorOf } from './process.ts'
import { readRecord, snapshotDir, writeRecord, writeSnapshot } from './record.ts'
import type { MachineRecord } from './record.ts'
import { removeFolder, settleFolder, stagingFolder } from './staging.ts'

/** File with the memory of a machine. */
export const MEMORY = 'memory.state'
const QUICK: Waiting = { deadlineMs: 30_000 }

/**
 * Freezes the layers of a machine and goes on in a new one; the snapshot has hard links of the frozen files and costs nothing.
 * The machine may run; then it stands still for a moment, so that the disk is whole.
 * @param memory also saves the memory, so that a machine can continue from here instead of booting
 */
export async function takeSnapshot(
  root: string,
  place: Place,
  name: string,
  options: Waiting & { memory?: boolean | undefined },
): Promise<string> {
  const id = `${place.name}/${name}`
  const dir = snapshotDir(root, id)
  const record = await readRecord(place.dir, place.name)
  const running = isRunning(record)
  if (options.memory && !running) throw new PlatformError('invalid', `${place.name} is off: it has no memory to save`)
  const staged = await stagingFolder(dirname(dir))
  try {
    const below = { path: record.layers.at(-1) ?? '', format: 'qcow2' }
    const next = await addLayer(place.dir, below, record.diskBytes, options)
    const grown: MachineRecord = { ...record, layers: [...record.layers, next] }
    if (!running) await writeRecord(place.dir, grown)
    else {
      using qemu = await QmpClient.open(monitorOf(place.dir), QUICK)
      await qemu.execute('stop', {}, QUICK)
      try {
        await switchLayer(qemu, record, grown)
        await writeRecord(place.dir, grown)
        if (options.memory) await saveMemory(qemu, place, options)
      } finally {
        await qemu.execute('cont', {}, QUICK)
      }
    }
    await linkFiles(record.layers, place.dir, staged)
    if (record.firmware) await copyFile(join(place.dir, VARIABLES), join(staged, VARIABLES))
    if (options.memory) {
      await rename(join(place.dir, MEMORY), join(staged, MEMORY))
      // Whoever was let in before is let in by the copies.
      await copyFile(join(place.dir, KEY), join(staged, KEY)).catch(() => undefined)
    }
    const { process: _, ...machine } = record
    await writeSnapshot(staged, {
      version: 1,
      name,
      owner: record.owner,
      machine,
      ...(options.memory ? { memory: MEMORY } : {}),
    })
    if (!(await settleFolder(staged, dir))) throw new PlatformError('conflict', `there is a snapshot ${id} already`)
    return id
  } finally {
    await removeFolder(staged)
  }
}

/** Removes a snapshot. One that is gone is fine; machines made from it have links of their own. */
export async function removeSnapshot(root: string, id: string): Promise<void> {
  await removeFolder(snapshotDir(root, id))
}

async function switchLayer(qemu: QmpClient, record: MachineRecord, grown: MachineRecord): Promise<void> {
  const file = grown.layers.at(-1) ?? ''
  await qemu.execute('blockdev-add', { ...blockNode(rootNode(grown), file, 'qcow2'), backing: null }, QUICK)
  await qemu.execute('blockdev-snapshot', { node: rootNode(record), overlay: rootNode(grown) }, QUICK)
}

/** The stopped machine is written as QEMU would send it to another host. */
async function saveMemory(qemu: QmpClient, place: Place, waiting: Waiting): Promise<void> {
  await rm(join(place.dir, MEMORY), { force: true })
  await qemu.execute('migrate-set-parameters', { 'max-bandwidth': 100 * 1024 ** 3 }, QUICK)
  await qemu.execute('migrate', { uri: `exec:cat > ${MEMORY}` }, QUICK)
  const { deadlineMs, signal } = waiting
  await waitUntil(
    { what: `the memory of ${place.name} to be saved`, deadlineMs, intervalMs: 50, ...(signal ? { signal } : {}) },
    async (): Promise<Attempt<void>> => {
      const answer = await qemu.execute('query-migrate', {}, QUICK)
      const { status = 'none', 'error-desc': why } = answer as { status?: string; 'error-desc'?: string }
      if (status === 'completed') return { done: true, value: undefined }
      if (status === 'failed' || status === 'cancelled')
        throw new PlatformError('capacity', `the memory of ${place.name} could not be saved: ${why ?? status}`)
      return { done: false, saw: status }
    },
  )
  // What `cat` could not write is only seen here.
  const { size } = await stat(join(place.dir, MEMORY))
  if (size === 0) throw new PlatformError('capacity', `the memory of ${place.name} was not written`)
}
