import { DownloadError } from './download-error.ts'
import { digestFor, namesIn } from './checksums.ts'
import type { Digest } from './checksums.ts'
import type { FilesOffer } from './catalogue.ts'
import { fetchRequired, fetchSmall } from './fetch-text.ts'
import type { UrlOptions } from './open-url.ts'
import { checkClearSigned, checkDetached } from './signature.ts'
import type { Checking } from './signature.ts'

/** A file to download, with what it must be. */
export interface WantedFile {
  url: string
  name: string
  digest: Digest
  bytes?: number
  /** A signature of the file itself, to be checked when it is there. */
  signature?: Buffer
}

export interface Resolved {
  files: readonly WantedFile[]
  /** Fingerprint of the key that signed the checksums; absent when nothing did, or the file itself is signed. */
  signedBy?: string
}

/** Checks a signature by the keys of the offer; absent when signatures are done without. */
export type Trust = Omit<Checking, 'what'> | undefined

/**
 * Which file of a folder is the image, and what it must hash to, once the publisher's signature on that is good.
 * @throws DownloadError
 */
export async function resolveFiles(offer: FilesOffer, options: UrlOptions, trust: Trust): Promise<Resolved> {
  const { base } = offer
  const listing = offer.listing ? await readListing(base, options) : undefined
  const listed = listing && newestOf(listing, offer.image, base)
  const withImage = (text: string) => text.replace('{image}', listed ?? '{image}')
  const pattern = /^\/(.+)\/$/.exec(offer.sums)?.[1]
  const sums = pattern === undefined ? withImage(offer.sums) : newestOf(listing ?? [], pattern, base)
  const { text, signedBy } = await readSums(offer, sums, options, trust)
  const image = listed ?? newestOf(namesIn(text), offer.image, `${base}${sums}`)
  // a list about one file may call it by its build
  const digest = digestFor(text, image) ?? (offer.sums.includes('{image}') ? onlyDigest(text) : undefined)
  if (!digest) throw new DownloadError('index', `${base}${sums} has no SHA-256 or SHA-512 for ${image}`)
  const signature =
    offer.signature.kind === 'image' && trust
      ? await requireSignature(`${base}${offer.signature.file.replace('{image}', image)}`, options)
      : undefined
  const file = { url: new URL(image, base).href, name: image, digest, ...(signature ? { signature } : {}) }
  return { files: [file], ...(signedBy === undefined ? {} : { signedBy }) }
}

async function readSums(
  offer: FilesOffer,
  sums: string,
  options: UrlOptions,
  trust: Trust,
): Promise<{ text: string; signedBy?: string }> {
  const url = `${offer.base}${sums}`
  const raw = await fetchRequired(url, options)
  const { signature } = offer
  if (!trust || signature.kind === 'none' || signature.kind === 'image') return { text: raw.toString('utf8') }
  const checking = { ...trust, what: url }
  if (signature.kind === 'clear') {
    const { data, signedBy } = await checkClearSigned(raw, checking)
    return { text: data.toString('utf8'), signedBy }
  }
  const detached = await requireSignature(`${offer.base}${signature.file.replace('{sums}', sums)}`, options)
  return { text: raw.toString('utf8'), signedBy: await checkDetached(raw, detached, checking) }
}

async function requireSignature(url: string, options: UrlOptions): Promise<Buffer> {
  const data = await fetchSmall(url, options)
  if (data !== undefined) return data
  throw new DownloadError('signature', `there is no signature at ${url}`, {
    hint: '--unsigned does without; the checksum is still checked, and is as good as the server',
  })
}

function onlyDigest(text: string): Digest | undefined {
  const names = namesIn(text)
  return names.length === 1 ? digestFor(text, names[0] ?? '') : undefined
}

/** Names in an HTML page that lists a folder. */
async function readListing(base: string, options: UrlOptions): Promise<string[]> {
  const page = (await fetchRequired(base, options)).toString('utf8')
  const links = [...page.matchAll(/href="([^"?#]+)"/g)].map(([, link = '']) => link.replace(/^\.\//, ''))
  return links.flatMap((link) => {
    const url = URL.parse(link, base)
    return url?.href.startsWith(base) ? [decodeURIComponent(url.href.slice(base.length))] : []
  })
}

/** The newest name that is the pattern from end to end, numbers compared as numbers. */
function newestOf(names: readonly string[], pattern: string, where: string): string {
  const whole = new RegExp(`^(?:${pattern})$`)
  const fitting = [...new Set(names)].filter((name) => whole.test(name) && !name.includes('/'))
  const newest = fitting.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (newest === undefined) throw new DownloadError('index', `${where} has no file like ${pattern}`)
  return newest
}
