import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Overlay } from '../../../src/images/index.ts'
import type { ImageManifest } from '../../../src/images/index.ts'
import { LxdClient } from '../../../src/platforms/lxd/client.ts'
import { findEndpoint } from '../../../src/platforms/lxd/endpoint.ts'
import { removeGuestFile, untilHelperAnswers } from '../../../src/platforms/lxd/guest-files.ts'
import { rootAndNic } from '../../../src/platforms/lxd/host-defaults.ts'
import { createSnapshot } from '../../../src/platforms/lxd/snapshots.ts'
import { tagsOf } from '../../../src/platforms/lxd/tags.ts'
import type { Owner } from '../../../src/platforms/platform.ts'
import { openWithOverlay } from '../images/bad-root.ts'

export interface GoodImage {
  /** Its root file system on this host. */
  root: string
  manifest: ImageManifest
  /** As LXD knows it. */
  fingerprint: string
}

/**
 * Puts an overlay into a machine made of the good image that never booted, and returns the id of a snapshot to launch from: the same
 * as building the bad image and importing it, without packing 130 MB for each.
 */
export async function neverBooted(good: GoodImage, overlay: Overlay, name: string, owner: Owner): Promise<string> {
  const client = new LxdClient(await findEndpoint({}))
  try {
    const devices = await rootAndNic(client, ['default'], undefined)
    const source = { type: 'image', fingerprint: good.fingerprint }
    const [changed] = await Promise.all([
      openWithOverlay(good.root, good.manifest, overlay),
      client.operate('POST', '/1.0/instances', {
        json: { name, type: 'container', profiles: ['default'], devices, config: tagsOf(owner), source },
      }),
    ])
    await using bad = changed
    await carryOver(client, name, good.root, bad.upper, '')
    await createSnapshot(client, name, 'bad', { deadlineMs: 60_000 })
    return `${name}/bad`
  } finally {
    client.close()
  }
}

/** Brings what the upper layer of an overlay says to the files of a stopped instance. */
async function carryOver(client: LxdClient, instance: string, lower: string, upper: string, at: string): Promise<void> {
  for (const entry of await readdir(join(upper, at))) {
    const path = `${at}/${entry}`
    const info = await lstat(join(upper, path))
    const before = await lstat(join(lower, path)).catch(() => undefined)
    const put = async (type: 'directory' | 'file' | 'symlink', body: Uint8Array) => {
      const headers = {
        'content-type': 'application/octet-stream',
        'x-lxd-type': type,
        'x-lxd-uid': String(info.uid),
        'x-lxd-gid': String(info.gid),
        'x-lxd-mode': `0${(info.mode & 0o7777).toString(8)}`,
      }
      await untilHelperAnswers(() =>
        client.call('POST', `/1.0/instances/${instance}/files`, { bytes: body }, { query: { path }, headers }),
      )
    }
    if (info.isDirectory()) {
      if (!before?.isDirectory()) await put('directory', new Uint8Array())
      await carryOver(client, instance, lower, upper, path)
      continue
    }
    // An existing file would keep its owner and mode; a whiteout is nothing but the removal.
    if (before) await removeGuestFile(client, instance, path)
    if (info.isSymbolicLink()) await put('symlink', Buffer.from(await readlink(join(upper, path))))
    else if (info.isFile()) await put('file', await readFile(join(upper, path)))
  }
}
