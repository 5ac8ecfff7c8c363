import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, PrerequisiteError } from '../../core/errors.ts'
import { runHost } from '../../core/subprocess.ts'
import { lock, openWorkDir } from '../cache.ts'
import type { CatalogueEntry } from './catalogue.ts'
import { catalogueNames, findEntry } from './catalogue.ts'
import { download } from './download.ts'
import { DownloadError } from './download-error.ts'
import type { FetchedImage } from './downloads.ts'
import { entryDir, findFetched, listFetched, markChecked } from './downloads.ts'
import { findKeyrings } from './keyrings.ts'
import type { UrlOptions } from './open-url.ts'
import type { Resolved, Trust, WantedFile } from './resolve-files.ts'
import { resolveFiles } from './resolve-files.ts'
import { resolveStream } from './resolve-stream.ts'
import { checkDetached } from './signature.ts'

export interface GetOptions {
  /** `disk`, the default, boots by itself; `lxd` is for containers. */
  kind?: 'disk' | 'lxd'
  /** Node's name of an architecture. Default: this host's. */
  arch?: string
  /** Do without a signature. The checksum is still checked, and is as good as the server that gives it. */
  unsigned?: boolean
  /** Trust the keys in these files, and no others. */
  keyrings?: readonly string[]
  /** Ask the publisher again only when that was done longer ago, in milliseconds. Default 0. */
  maxAgeMs?: number
  onProgress?: (line: string) => void
  signal?: AbortSignal
  /** How servers are reached; for tests. */
  transport?: Partial<Pick<UrlOptions, 'ca' | 'stallMs' | 'retryMs'>>
}

/**
 * An official image by name (`ubuntu-24.04`): from the cache when its publisher has no newer one, else downloaded. Nothing is used
 * before the publisher's signature and the checksum are found good.
 * @throws ConfigError for an unknown name, DownloadError, PrerequisiteError when keys or tools are missing, CancelledError
 */
export async function getImage(name: string, options: GetOptions = {}): Promise<FetchedImage> {
  const entry = findEntry(name, options)
  if (!entry) throw unknownName(name)
  return await getEntry(entry, options)
}

/** The image of an entry of the catalogue. @throws as `getImage` */
export async function getEntry(entry: CatalogueEntry, options: GetOptions = {}): Promise<FetchedImage> {
  const { kind = 'disk', maxAgeMs = 0, onProgress } = options
  const dir = entryDir(entry, kind)
  await using _ = await lock(`get-${dir.split('/').at(-1)}`, options)
  const [newest] = await listFetched(entry, kind)
  if (newest && Date.now() - Date.parse(newest.checkedAt) < maxAgeMs && (newest.signedBy || options.unsigned))
    return newest
  if (newest && entry.source.signature.kind === 'none' && !options.unsigned) {
    // who got it had to say so
    onProgress?.(`warning: ${entry.name} is not signed; using what was downloaded ${newest.fetchedAt.slice(0, 10)}`)
    return newest
  }
  const trust = await trustOf(entry, options)
  const url: UrlOptions = {
    hosts: entry.source.hosts,
    ...options.transport,
    ...(options.signal ? { signal: options.signal } : {}),
  }
  let resolved: Resolved
  try {
    resolved = await resolve(entry, kind, url, trust)
  } catch (error) {
    if (!newest || !isUnreachable(error)) throw error
    onProgress?.(`warning: ${error.message}; using the image of ${newest.checkedAt.slice(0, 10)}`)
    return newest
  }
  const key = resolved.files.map(({ digest }) => digest.hex.slice(0, 24)).join('-')
  const known = await findFetched(dir, key)
  if (known && (known.signedBy || options.unsigned)) return await markChecked(known)
  return await fetchAll(entry, kind, { dir, key, resolved, url, trust, options })
}

function isUnreachable(error: unknown): error is DownloadError {
  return error instanceof DownloadError && error.reason === 'network'
}

async function resolve(entry: CatalogueEntry, kind: 'disk' | 'lxd', url: UrlOptions, trust: Trust): Promise<Resolved> {
  const { source } = entry
  if (source.kind === 'stream') return await resolveStream(source, kind, url, trust)
  if (kind === 'lxd') throw new ConfigError(`${entry.name} is not offered as an image for containers`)
  return await resolveFiles(source, url, trust)
}

async function trustOf({ name, source }: CatalogueEntry, options: GetOptions): Promise<Trust> {
  if (options.unsigned) {
    options.onProgress?.('warning: no signature is checked')
    return undefined
  }
  const { signature } = source
  if (signature.kind === 'none') {
    throw new DownloadError('signature', `${name} is not signed: ${signature.why}`, {
      hint: `harness image get ${name} --unsigned takes it all the same; its checksum is as good as the server that gives it`,
    })
  }
  const anchor = source.trust ?? { name: source.distribution, files: [], bring: 'get its key' }
  const keyrings = await findKeyrings(anchor, options.keyrings)
  return { keyrings, ...(options.signal ? { signal: options.signal } : {}) }
}

interface Fetching {
  dir: string
  key: string
  resolved: Resolved
  url: UrlOptions
  trust: Trust
  options: GetOptions
}

async function fetchAll(entry: CatalogueEntry, kind: 'disk' | 'lxd', fetching: Fetching): Promise<FetchedImage> {
  const { dir, key, resolved, url, trust, options } = fetching
  await mkdir(dir, { recursive: true })
  let { signedBy } = resolved
  await dropOtherPartials(dir, resolved.files)
  const partials: string[] = []
  for (const file of resolved.files) {
    // outside of the folder of the image, so that what is there is complete
    const target = join(dir, partialName(file))
    options.onProgress?.(`downloading ${file.url}`)
    await download(file.url, target, { ...url, ...wanted(file), onProgress: progressOf(file.name, options.onProgress) })
    if (file.signature && trust) {
      signedBy = await checkDetached(target, file.signature, { ...trust, what: file.url }).catch(
        async (error: unknown) => {
          await rm(target, { force: true })
          throw error
        },
      )
    }
    partials.push(target)
  }
  await using work = await openWorkDir(`get-${entry.name}`)
  const out = join(work.path, 'image')
  await mkdir(out)
  const packed = entry.source.kind === 'files' ? entry.source.packed : undefined
  const names = resolved.files.map((file, index) => (kind === 'disk' ? diskName(file.name) : lxdName(file.name, index)))
  for (const [index, partial] of partials.entries())
    await place(partial, join(out, names[index] ?? ''), packed, options)
  const image = {
    name: entry.name,
    kind,
    architecture: entry.architecture,
    files: names,
    digest: `${resolved.files[0]?.digest.algorithm}:${resolved.files[0]?.digest.hex}`,
    urls: resolved.files.map((file) => file.url),
    ...(signedBy === undefined ? {} : { signedBy }),
    fetchedAt: new Date().toISOString(),
    checkedAt: new Date().toISOString(),
  }
  await writeFile(join(out, 'image.json'), `${JSON.stringify(image, null, 2)}\n`)
  await rm(join(dir, key), { recursive: true, force: true })
  await rename(out, join(dir, key))
  for (const partial of partials) await rm(partial, { force: true })
  const fetched = await findFetched(dir, key)
  if (!fetched) throw new PrerequisiteError(`${join(dir, key)} was written and cannot be read`)
  return fetched
}

/** Outside of the folder of an image, and hidden, until it is complete. */
function partialName({ digest }: WantedFile): string {
  return `.${digest.hex.slice(0, 24)}`
}

/** What was begun of versions that their publisher has replaced since will never be completed. */
async function dropOtherPartials(dir: string, files: readonly WantedFile[]): Promise<void> {
  const wanted = files.map(partialName)
  const names = await readdir(dir)
  const other = names.filter((name) => name.startsWith('.') && !wanted.some((start) => name.startsWith(start)))
  for (const name of other) await rm(join(dir, name), { force: true })
}

function wanted({ digest, bytes }: WantedFile) {
  return { digest, ...(bytes === undefined ? {} : { bytes }) }
}

/** Puts a checked file in its place, unpacked. */
async function place(
  from: string,
  to: string,
  packed: 'xz' | undefined,
  { signal, onProgress }: GetOptions,
): Promise<void> {
  if (packed === undefined) return await link(from, to).catch(() => copyFile(from, to))
  onProgress?.('unpacking')
  await runHost(['sh', '-c', 'exec xz --decompress --stdout --threads=0 "$1" >"$2"', 'unpack', from, to], {
    deadlineMs: 1_800_000,
    installHint: 'apt-get install xz-utils',
    ...(signal ? { signal } : {}),
  })
}

function diskName(name: string): string {
  const ending = /\.(qcow2|img|raw|vmdk|vhdx?)(?:\.xz)?$/.exec(name)?.[1] ?? 'img'
  // Ubuntu calls its qcow2 files .img
  return `disk.${ending}`
}

function lxdName(name: string, index: number): string {
  if (index === 0) return 'metadata.tar.xz'
  return name.endsWith('squashfs') ? 'rootfs.squashfs' : 'rootfs.tar.xz'
}

function progressOf(name: string, onProgress: GetOptions['onProgress']) {
  let last = -1
  return (done: number, total: number | undefined) => {
    const percent = total ? Math.floor((done / total) * 100) : 0
    if (percent < last + 5 && done !== total && total !== undefined) return
    last = percent
    const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`
    onProgress?.(total === undefined ? `${name}: ${mib(done)}` : `${name}: ${percent} % of ${mib(total)}`)
  }
}

function unknownName(name: string): ConfigError {
  const names = [...new Set(catalogueNames())]
  const stem = name.split('-')[0] ?? ''
  const near = names.filter((known) => stem.length > 2 && known.startsWith(stem))
  return new ConfigError(`no publisher of an image "${name}" is known`, {
    hint: `known are ${(near.length > 0 ? near : names).join(', ')}`,
  })
}
