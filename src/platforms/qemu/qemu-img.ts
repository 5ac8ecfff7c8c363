import { probeHost } from '../../core/subprocess.ts'
import type { SubprocessResult } from '../../core/subprocess.ts'
import type { Waiting } from './client.ts'
import { saidError } from './errors.ts'

/** Runs qemu-img, whatever it says. @throws PrerequisiteError when it is not installed */
export async function qemuImg(words: readonly string[], waiting: Waiting): Promise<SubprocessResult> {
  return await probeHost(['qemu-img', ...words], {
    deadlineMs: waiting.deadlineMs,
    installHint: 'apt-get install --no-install-recommends qemu-utils',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    ...(waiting.signal ? { signal: waiting.signal } : {}),
  })
}

/**
 * Makes a sparse qcow2 file of a size in bytes, by default as an overlay of another file.
 * @throws PlatformError with what qemu-img said
 */
export async function createDisk(
  path: string,
  of: { size: number; base?: { path: string; format: string } },
  waiting: Waiting,
): Promise<void> {
  const base = of.base ? ['-b', of.base.path, '-F', of.base.format] : []
  const words = ['create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on', ...base, path, String(of.size)]
  const made = await qemuImg(words, waiting)
  if (made.exitCode !== 0) throw saidError('to make a disk', made.stderr || made.stdout)
}
