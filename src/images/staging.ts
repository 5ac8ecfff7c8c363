import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { runHost } from '../core/subprocess.ts'
import { serialOf } from './manifest.ts'
import { fileSystemIds } from './disk/identifiers.ts'
import { readSource } from './recipe-digest.ts'
import type { RecipeFile, RecipeScript } from './recipe.ts'

/** Where scripts wait inside the image until they have run. */
const SCRIPT_DIR = '/var/tmp/.recipe'

interface Naming {
  name: string
  release: string
  codename: string
}

/**
 * Packs the files and scripts of a recipe into one tar archive owned by root, ready to be unpacked over the image.
 * Returns the paths of the scripts inside the image, in the order they are to be run. Directories are not in the archive, so that
 * those of the image keep owner and mode.
 */
export async function stageFiles(
  recipe: Naming & { files: readonly RecipeFile[]; scripts: readonly RecipeScript[] },
  epoch: number,
  workDir: string,
  tar: string,
): Promise<string[]> {
  const root = join(workDir, 'files')
  const scripts = recipe.scripts.map((script, index) => ({
    path: `${SCRIPT_DIR}/${String(index).padStart(2, '0')}-${script.name.replace(/[^A-Za-z0-9_.-]/g, '_')}`,
    mode: 0o755,
    content: script.content.startsWith('#!') ? script.content : `#!/bin/sh\nset -eu\n${script.content}`,
  }))
  const files = [...new Map(recipe.files.map((file) => [normalize(file.path), file])).values()]
  const paths: string[] = []
  for (const file of files) {
    paths.push(
      await put(
        root,
        file,
        file.source === undefined ? fill(file.content ?? '', recipe, epoch) : await readSource(file.source),
      ),
    )
  }
  for (const script of scripts) paths.push(await put(root, script, script.content))
  await mkdir(root, { recursive: true })
  await runHost(
    [
      'tar',
      '-C',
      root,
      `--mtime=@${epoch}`,
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--no-recursion',
      '--null',
      '--verbatim-files-from',
      '-T',
      '-',
      '-cf',
      tar,
    ],
    {
      stdin: paths.sort().join('\0'),
      deadlineMs: 120_000,
    },
  )
  return scripts.map((script) => script.path)
}

async function put(root: string, file: { path: string; mode?: number }, data: string | Uint8Array): Promise<string> {
  const path = normalize(file.path)
  if (!path.startsWith('/') || path.endsWith('/') || path.includes('\0'))
    throw new ConfigError(`"${file.path}" is not the absolute path of a file in the image`)
  const target = join(root, path)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, data)
  await chmod(target, file.mode ?? 0o644)
  return `.${path}`
}

function fill(content: string, { name, release, codename }: Naming, epoch: number): string {
  const values: Record<string, string> = {
    name,
    release,
    codename,
    serial: serialOf(epoch),
    ...fileSystemIds(`${name} ${epoch}`),
  }
  return content.replace(
    /\{\{(name|release|codename|serial|root-uuid|esp-id)\}\}/g,
    (_, key: string) => values[key] ?? '',
  )
}
