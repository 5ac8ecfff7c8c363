import { open, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import pLimit from 'p-limit'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { shortOf, tokenOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'
import { Blocks, BLOCK_BYTES } from './client-blocks.ts'
import type { Ec2Client } from './client.ts'
import { rawDisk } from './raw-disk.ts'
import { removeSnapshot } from './snapshots.ts'
import { sharedOwner, tagged, tagsOf } from './tags.ts'

const GIB = 1024 ** 3

/** Blocks that are on their way at a time. */
const PARALLEL = 16

interface Registering {
  owner: Owner
  architecture?: string
  onProgress?: (line: string) => void
  /** Told of the id of the image when it is made. */
  onMade: (id: string) => void
}

/** Whether a reference is a file of this host rather than a name. */
export function isImageFile(reference: string): boolean {
  return /\.(?:raw|img|qcow2|vmdk|vhdx?)$/i.test(reference)
}

/**
 * Writes a disk into a snapshot and registers it as an image. Blocks of zeros are not sent.
 * The EBS direct APIs are used instead of ImportSnapshot, which wants a bucket and a role for its service:
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html
 * @returns the id of the image, which with its snapshot is a resource of the run
 * @throws ConfigError, PlatformError
 */
export async function registerImage(
  client: Ec2Client,
  file: string,
  { owner, architecture = 'amd64', onProgress, onMade }: Registering,
  waiting: CallWaiting,
): Promise<string> {
  const path = resolve(file)
  const { size, mtimeMs } = await stat(path).catch(() => {
    throw new ConfigError(`there is no file ${path}`)
  })
  const name = `harness-${owner.runId}-${shortOf(path, String(size), String(mtimeMs), architecture)}`
  const Filters = [{ Name: 'name', Values: [name] }]
  const present = await client.call(`looking for the image ${name}`, waiting, (ec2, options) =>
    ec2.describeImages({ Owners: ['self'], Filters }, options),
  )
  const known = present.Images?.[0]?.ImageId
  if (known !== undefined) return known
  const tags = tagsOf(sharedOwner(owner), name)
  await using disk = await rawDisk(path, waiting)
  const snapshot = await upload(client, disk, { name, tags, file: basename(path), onProgress }, waiting)
  try {
    onProgress?.(`registering ${basename(path)} as an image`)
    const made = await client.call(`registering the image ${name}`, waiting, (ec2, options) =>
      ec2.registerImage(
        {
          Name: name,
          Architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
          BootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
          VirtualizationType: 'hvm',
          EnaSupport: true,
          RootDeviceName: '/dev/xvda',
          BlockDeviceMappings: [
            { DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', DeleteOnTermination: true } },
          ],
          TagSpecifications: tagged(['image'], tags),
        },
        options,
      ),
    )
    const image = made.ImageId ?? ''
    onMade(image)
    return image
  } catch (error) {
    await removeSnapshot(client, snapshot, { deadlineMs: 60_000 }).catch(() => undefined)
    throw error
  }
}

async function upload(
  client: Ec2Client,
  disk: { path: string; size: number },
  about: {
    name: string
    tags: ReturnType<typeof tagsOf>
    file: string
    onProgress: ((line: string) => void) | undefined
  },
  waiting: CallWaiting,
): Promise<string> {
  const { name, tags, file, onProgress } = about
  const blocks = await Blocks.open(client.connection)
  let snapshot: string | undefined
  try {
    const sizeGiB = Math.max(1, Math.ceil(disk.size / GIB))
    // A snapshot that was begun and given up must not be answered again.
    const token = tokenOf('snapshot', client.region, name, process.pid, performance.timeOrigin)
    snapshot = await blocks.start({ sizeGiB, token, description: file, tags }, waiting)
    const sent = await putBlocks(
      blocks,
      snapshot,
      disk,
      (percent) => onProgress?.(`uploading ${file}: ${percent} %`),
      waiting,
    )
    await blocks.complete(snapshot, sent, waiting)
    await untilCompleted(client, snapshot, waiting)
    return snapshot
  } catch (error) {
    if (snapshot !== undefined) await removeSnapshot(client, snapshot, { deadlineMs: 60_000 }).catch(() => undefined)
    throw error
  } finally {
    blocks.close()
  }
}

/** Sends every block that holds something. Returns how many those were. */
async function putBlocks(
  blocks: Blocks,
  snapshot: string,
  { path, size }: { path: string; size: number },
  onPercent: (percent: number) => void,
  waiting: CallWaiting,
): Promise<number> {
  await using handle = await open(path)
  const limit = pLimit({ concurrency: PARALLEL, rejectOnClear: true })
  const total = Math.ceil(size / BLOCK_BYTES)
  let [done, sent, told] = [0, 0, -1]
  const put = async (index: number) => {
    const data = Buffer.alloc(BLOCK_BYTES)
    await handle.read(data, 0, BLOCK_BYTES, index * BLOCK_BYTES)
    if (data.some((byte) => byte !== 0)) {
      await blocks.put(snapshot, index, data, waiting)
      sent++
    }
    const percent = Math.floor((++done / total) * 10) * 10
    if (percent > told) onPercent((told = percent))
  }
  try {
    await Promise.all(Array.from({ length: total }, (_, index) => limit(() => put(index))))
  } catch (error) {
    limit.clearQueue()
    throw error
  }
  return sent
}

async function untilCompleted(client: Ec2Client, snapshot: string, waiting: CallWaiting): Promise<void> {
  const { deadlineMs, signal } = waiting
  const failed = await waitUntil(
    {
      what: `the snapshot ${snapshot} to be completed`,
      deadlineMs,
      intervalMs: 500,
      maxIntervalMs: 10_000,
      ...(signal ? { signal } : {}),
    },
    async (): Promise<Attempt<string | undefined>> => {
      const Filters = [{ Name: 'snapshot-id', Values: [snapshot] }]
      const found = await client.call(`asking for the snapshot ${snapshot}`, waiting, (ec2, options) =>
        ec2.describeSnapshots({ Filters, OwnerIds: ['self'] }, options),
      )
      const [present] = found.Snapshots ?? []
      if (present?.State === 'completed') return { done: true, value: undefined }
      if (present?.State === 'error') return { done: true, value: present.StateMessage ?? 'error' }
      return { done: false, saw: `${present?.State ?? 'not listed'} ${present?.Progress ?? ''}` }
    },
  )
  if (failed !== undefined)
    throw new PlatformError('unavailable', `EC2 failed to make the snapshot ${snapshot}: ${failed}`)
}
