import { link, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import { runHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { CallWaiting } from '../cloud-calls.ts'

const GIB = 1024 ** 3

/** A packed disk; disposing it removes it. */
export interface Packed extends AsyncDisposable {
  path: string
}

/** Packs a raw disk as `disk.raw` in a gzipped tarball of the old GNU form. @throws ConfigError for a size that is no whole number of GiB */
export async function packRaw(path: string, { deadlineMs, signal }: CallWaiting): Promise<Packed> {
  const { size } = await stat(path)
  if (size === 0 || size % GIB !== 0)
    throw new ConfigError(`${path} has ${size} bytes; Compute Engine takes disks of whole GiB`, {
      hint: `truncate -s ${Math.max(1, Math.ceil(size / GIB))}G ${path}`,
    })
  const dir = await makeTempDir('gce-image')
  const remove = () => rm(dir, { recursive: true, force: true })
  try {
    const raw = join(dir, 'disk.raw')
    await link(path, raw).catch(() => symlink(path, raw))
    const packed = join(dir, 'disk.tar.gz')
    const within = { deadlineMs, ...(signal ? { signal } : {}), cwd: dirname(raw) }
    await runHost(['tar', '--format=oldgnu', '--dereference', '-Sczf', packed, 'disk.raw'], within)
    return { path: packed, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}
