import type { StreamOffer } from './catalogue.ts'
import { DownloadError } from './download-error.ts'
import { fetchRequired } from './fetch-text.ts'
import type { UrlOptions } from './open-url.ts'
import type { Resolved, Trust } from './resolve-files.ts'
import { checkClearSigned } from './signature.ts'
import { newestFiles, productLists } from './simplestreams.ts'

/** Types of files in an index, by what the image is for; of alternatives the first that is there. */
const WANTED = {
  disk: [['disk1.img', 'disk-kvm.img', 'disk.img', 'uefi1.img']],
  lxd: [
    ['lxd.tar.xz', 'incus.tar.xz'],
    ['squashfs', 'root.tar.xz'],
  ],
} as const

/**
 * The files of the newest version of a product. The index, and every list it leads to, is used only when its signature is good.
 * @throws DownloadError
 */
export async function resolveStream(
  offer: StreamOffer,
  kind: 'disk' | 'lxd',
  options: UrlOptions,
  trust: Trust,
): Promise<Resolved> {
  let signedBy: string | undefined
  const read = async (path: string): Promise<string> => {
    const url = new URL(path, offer.base).href
    const raw = await fetchRequired(url, options)
    if (!path.endsWith('.sjson')) {
      if (trust && offer.signature.kind !== 'none') throw new DownloadError('signature', `${url} is not signed`)
      return raw.toString('utf8')
    }
    if (!trust) return withoutArmour(raw.toString('utf8'))
    const checked = await checkClearSigned(raw, { ...trust, what: url })
    signedBy = checked.signedBy
    return checked.data.toString('utf8')
  }
  const where = new URL(offer.index, offer.base).href
  for (const path of productLists(await read(offer.index), offer.product, where)) {
    const found = newestFiles(await read(path), offer.product, WANTED[kind], new URL(path, offer.base).href)
    if (!found) continue
    const files = found.files.map(({ path: file, digest, bytes }) => ({
      url: new URL(file, offer.base).href,
      name: file.split('/').at(-1) ?? file,
      digest,
      ...(bytes === undefined ? {} : { bytes }),
    }))
    return { files, ...(signedBy === undefined ? {} : { signedBy }) }
  }
  throw new DownloadError('index', `${where} has no product ${offer.product}`)
}

/** What a clear signature is around, unchecked. */
function withoutArmour(text: string): string {
  const body = /^-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:.+\r?\n)*\r?\n(.*?)\r?\n-----BEGIN PGP SIGNATURE-----/s.exec(
    text,
  )
  return (body?.[1] ?? text).replace(/^- /gm, '')
}
