import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Folder and version of the harness itself, from a checkout or an installed package. */
export function packageInfo(): { root: string; version: string } {
  let root = import.meta.dirname
  while (!existsSync(join(root, 'package.json'))) root = dirname(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { root, version }
}
