import { ConfigError } from '../../core/errors.ts'
import { SOURCES } from './sources.ts'
import type { TrustAnchor } from './keyrings.ts'

/** How what a publisher offers is signed. */
export type SignatureKind =
  /** A signature beside the list of checksums; `{sums}` stands for its name. */
  | { kind: 'detached'; file: string }
  /** The list of checksums is a clear-signed text. */
  | { kind: 'clear' }
  /** A signature beside the image; `{image}` stands for its name. */
  | { kind: 'image'; file: string }
  | { kind: 'none'; why: string }

interface Offer {
  /** Name of the distribution, first part of an image's name. */
  distribution: string
  /** Releases by the name users give them, with what the placeholder `{codename}` and others stand for. Others are tried as they are. */
  releases: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What the publisher calls an architecture, by Node's name for it. */
  architectures: Readonly<Partial<Record<string, string>>>
  /** Hosts a download may be sent on to. `*` where any mirror may serve what is signed elsewhere. */
  hosts: readonly string[]
  signature: SignatureKind
  trust?: TrustAnchor
  /** Where the location is documented. */
  source: string
  /** When it was last looked at, and how. */
  checked: string
  /** Whether a file of exactly this pattern was seen in use somewhere. Never means that the publisher was asked. */
  seen: boolean
}

/** Images that lie in a folder beside a list of checksums. */
export interface FilesOffer extends Offer {
  kind: 'files'
  /** Folder, ending in a slash. */
  base: string
  /** Regular expression for the name of the image; of several in the folder the newest is taken. */
  image: string
  /** Name of the list of checksums, or a regular expression between slashes; `{image}` stands for the name of the image. */
  sums: string
  /** Set when the image's name is not in the list of checksums under a pattern, so that the folder itself is read. */
  listing?: boolean
  packed?: 'xz'
}

/** Images that a simplestreams index lists. */
export interface StreamOffer extends Offer {
  kind: 'stream'
  base: string
  /** Path of the index below `base`. A name that ends in `.sjson` is clear-signed. */
  index: string
  product: string
}

export type ImageSource = FilesOffer | StreamOffer

/** An image of the catalogue with its placeholders filled in, for one architecture. */
export interface CatalogueEntry {
  name: string
  release: string
  /** As the publisher calls it. */
  architecture: string
  source: ImageSource
}

/** Names of the catalogue, for lists and near misses. Other releases of the same distributions are tried as well. */
export function catalogueNames(): string[] {
  return SOURCES.flatMap(({ distribution, releases }) =>
    Object.keys(releases).map((release) => nameOf(distribution, release)),
  )
}

/** What a name means, for an architecture; undefined when no such distribution is known. @throws ConfigError for the architecture */
export function findEntry(
  name: string,
  options: { arch?: string; kind?: 'disk' | 'lxd' } = {},
): CatalogueEntry | undefined {
  const arch = options.arch ?? process.arch
  const fitting = SOURCES.filter((source) => options.kind !== 'lxd' || source.kind === 'stream')
  for (const source of fitting) {
    const prefix = `${source.distribution}-`
    const release = name === source.distribution ? 'latest' : name.startsWith(prefix) ? name.slice(prefix.length) : ''
    const values = Object.hasOwn(source.releases, release) ? source.releases[release] : undefined
    if (!values && !(/^\d+(?:\.\d+)?$/.test(release) && !needsMore(source))) continue
    const architecture = source.architectures[arch]
    if (architecture === undefined)
      throw new ConfigError(`${name} is not offered for ${arch}`, {
        hint: `there is ${Object.keys(source.architectures).join(', ')}`,
      })
    return { name, release, architecture, source: fill(source, { release, arch: architecture, ...values }) }
  }
  return undefined
}

/** Releases that only a table can turn into an address. */
function needsMore(source: ImageSource): boolean {
  return /\{(?!release\}|arch\}|image\}|sums\})[a-z]+\}/.test(JSON.stringify(source))
}

function nameOf(distribution: string, release: string): string {
  return release === 'latest' ? distribution : `${distribution}-${release}`
}

function fill<T extends ImageSource>(source: T, values: Readonly<Record<string, string>>): T {
  const replace = (text: string) => text.replace(/\{([a-z]+)\}/g, (all, key: string) => values[key] ?? all)
  const filled = Object.entries(source).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? replace(value) : value,
  ])
  const { trust } = source
  return {
    ...source,
    ...(Object.fromEntries(filled) as Partial<T>),
    ...(trust ? { trust: { ...trust, files: trust.files.map(replace) } } : {}),
  }
}
