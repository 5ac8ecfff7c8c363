import { runHost } from '../core/subprocess.ts'
import type { OpenedImage } from './open-subject.ts'

/** Path inside the image to what is compared of a file: kind, mode, owner, size, target. */
export type FileList = ReadonlyMap<string, { text: string; bytes: number }>

const DEADLINE_MS = 300_000
const MOST_BYTES = 512 * 1024 * 1024

/** Every file of an image. Sizes of directories say something about their file system only and do not count. */
export async function listFiles(
  { root, enter }: Pick<OpenedImage, 'root' | 'enter'>,
  signal?: AbortSignal,
): Promise<FileList> {
  const [first, ...words] = [...enter, 'find', root, '-xdev', '-mindepth', '1', '-printf', '%P\\0%y %m %U:%G %s %l\\0']
  const output = await runHost([first, ...words], {
    deadlineMs: DEADLINE_MS,
    maxBytes: MOST_BYTES,
    ...(signal ? { signal } : {}),
  })
  const fields = output.split('\0')
  const files = new Map<string, { text: string; bytes: number }>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [kind = '', mode = '', owner = '', size = '0', ...target] = (fields[at + 1] ?? '').split(' ')
    const bytes = kind === 'f' ? Number(size) : 0
    files.set(`/${fields[at]}`, { text: [kind, mode, owner, bytes, target.join(' ')].join(' ').trim(), bytes })
  }
  return files
}
