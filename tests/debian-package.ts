import { existsSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { probeHost, runHost } from '../src/core/subprocess.ts'
import { makeTempDir } from '../src/core/temp-dir.ts'
import { removeTree } from '../src/images/index.ts'

const CACHE = join(import.meta.dirname, '../node_modules/.cache/packages')
const deadlineMs = 300_000

/**
 * Folder with the files of a Debian package, as the archive of this host has it; undefined where there is no such archive. Nothing is installed:
 * no service of it starts, none of its scripts runs, and what it depends on is not brought along. Kept until `node_modules` goes.
 */
export async function unpackedPackage(name: string): Promise<string | undefined> {
  const folder = join(CACHE, name)
  if (existsSync(folder)) return folder
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return undefined
  const dir = await makeTempDir('package')
  const partial = `${folder}.${process.pid}`
  try {
    // The folder is private, also to the user that apt downloads as when it is root.
    const download = ['apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', name] as const
    if ((await probeHost(download, { deadlineMs, cwd: dir })).exitCode !== 0) return undefined
    const [file = ''] = await readdir(dir)
    await mkdir(CACHE, { recursive: true })
    await runHost(['dpkg-deb', '--extract', join(dir, file), partial], { deadlineMs })
    await rename(partial, folder)
  } finally {
    await removeTree(dir)
  }
  return folder
}
