import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { platformFiles } from './platform-template.ts'

/**
 * Writes the folder of a new platform below `root` and returns the paths written.
 * @throws Error when the name is malformed or taken
 */
export function newPlatform(root: string, name: string): string[] {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new Error(`"${name}" is not a name: use lower-case words joined by hyphens`)
  const folder = join(root, 'src/platforms', name)
  if (existsSync(folder)) throw new Error(`${folder} exists`)
  mkdirSync(folder, { recursive: true })
  return Object.entries(platformFiles(name)).map(([file, text]) => {
    const path = join(folder, file)
    writeFileSync(path, text)
    return path
  })
}

if (import.meta.main) {
  const name = process.argv[2]
  try {
    if (name === undefined) throw new Error('usage: npm run new:platform NAME')
    for (const path of newPlatform(join(import.meta.dirname, '..'), name)) console.log(`wrote ${path}`)
    console.log('next: npm run gen, then docs/add-a-platform.md')
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 2
  }
}
