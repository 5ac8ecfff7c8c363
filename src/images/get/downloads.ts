import { readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cacheDir } from '../../core/paths.ts'
import type { CatalogueEntry } from './catalogue.ts'

const imageSchema = z.object({
  name: z.string(),
  kind: z.enum(['disk', 'lxd']),
  architecture: z.string(),
  /** Names in the folder: the disk; or metadata and root file system. */
  files: z.array(z.string()).min(1),
  digest: z.string(),
  urls: z.array(z.string()),
  signedBy: z.string().optional(),
  fetchedAt: z.string(),
  checkedAt: z.string(),
})

/** An official image on the disk of this host, found good when it was fetched. */
export interface FetchedImage {
  name: string
  kind: 'disk' | 'lxd'
  /** As its publisher calls it. */
  architecture: string
  dir: string
  /** The disk; or the root file system. */
  path: string
  /** The metadata archive of an image for containers. */
  metadata?: string
  /** `sha256:...` or `sha512:...` of what was downloaded first. */
  digest: string
  urls: readonly string[]
  /** Fingerprint of the key that signed it; absent when nobody did, or nobody was asked. */
  signedBy?: string
  /** ISO 8601. */
  fetchedAt: string
  /** When its publisher was last asked whether it is the newest. ISO 8601. */
  checkedAt: string
}

/** Where downloaded images are. */
export function downloadsDir(): string {
  return join(cacheDir(), 'downloads')
}

/** The folder of everything fetched for a name, an architecture and a kind. */
export function entryDir({ name, architecture }: CatalogueEntry, kind: 'disk' | 'lxd'): string {
  return join(downloadsDir(), `${name}.${architecture}.${kind}`)
}

/** One of them, or undefined when it is not complete. */
export async function findFetched(dir: string, key: string): Promise<FetchedImage | undefined> {
  const path = join(dir, key)
  const text = await readFile(join(path, 'image.json'), 'utf8').catch(() => undefined)
  const data = text === undefined ? undefined : parse(text)
  if (!data) return undefined
  const { files, signedBy, ...rest } = data
  const [first = '', second] = files
  return {
    ...rest,
    dir: path,
    path: join(path, second ?? first),
    ...(second === undefined ? {} : { metadata: join(path, first) }),
    ...(signedBy === undefined ? {} : { signedBy }),
  }
}

/** What was fetched for an entry, the one its publisher was last seen to offer first. */
export async function listFetched(entry: CatalogueEntry, kind: 'disk' | 'lxd'): Promise<FetchedImage[]> {
  return await inFolder(entryDir(entry, kind))
}

/** Everything that was fetched, newest first within a name. */
export async function listAllFetched(): Promise<FetchedImage[]> {
  const names = await readdir(downloadsDir()).catch((): string[] => [])
  return (await Promise.all(names.sort().map((name) => inFolder(join(downloadsDir(), name))))).flat()
}

/** Remembers that its publisher still offers it. */
export async function markChecked(image: FetchedImage): Promise<FetchedImage> {
  const file = join(image.dir, 'image.json')
  const data = parse(await readFile(file, 'utf8'))
  const checkedAt = new Date().toISOString()
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify({ ...data, checkedAt }, null, 2)}\n`)
  await rename(`${file}.${process.pid}`, file)
  return { ...image, checkedAt }
}

async function inFolder(dir: string): Promise<FetchedImage[]> {
  const keys = (await readdir(dir).catch((): string[] => [])).filter((name) => !name.startsWith('.'))
  const images = await Promise.all(keys.map((key) => findFetched(dir, key)))
  return images.filter((image) => image !== undefined).sort((a, b) => b.checkedAt.localeCompare(a.checkedAt))
}

function parse(text: string): z.infer<typeof imageSchema> | undefined {
  try {
    return imageSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
