import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { CallWaiting } from '../cloud-calls.ts'

/** A raw disk on this host; disposing it removes what was made for it. */
export interface RawDisk extends AsyncDisposable {
  path: string
  size: number
}

/** A disk as raw bytes, converted when it is something else. @throws PrerequisiteError without qemu-img */
export async function rawDisk(path: string, { deadlineMs, signal }: CallWaiting): Promise<RawDisk> {
  const leave = async () => {}
  if (/\.(?:raw|img)$/i.test(path)) return { path, size: (await stat(path)).size, [Symbol.asyncDispose]: leave }
  const dir = await makeTempDir('disk')
  const remove = () => rm(dir, { recursive: true, force: true })
  try {
    const raw = join(dir, 'disk.raw')
    await runHost(['qemu-img', 'convert', '-O', 'raw', path, raw], {
      deadlineMs,
      installHint: 'apt-get install qemu-utils',
      ...(signal ? { signal } : {}),
    })
    return { path: raw, size: (await stat(raw)).size, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}
