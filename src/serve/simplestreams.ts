import type { Archive } from '../archive/archive.ts'
import type { ImageFiles } from '../archive/image-files.ts'
import { findImage, type ImageRow } from '../archive/read/images.ts'
import { debianArchitecture } from '../core/architecture.ts'

/** Where the two files of an image are, below the root of the server. */
export function filePath(digest: string, file: 'metadata' | 'rootfs'): string {
  return `images/${digest.slice('sha256:'.length)}/${file === 'metadata' ? 'lxd.tar.xz' : 'root.squashfs'}`
}

/** The index that LXD and other clients of simplestreams begin with. */
export async function streamsIndex(archive: Archive): Promise<object> {
  const { products, updated } = await readProducts(archive)
  const entry = { datatype: 'image-downloads', path: 'streams/v1/images.json', updated, format: 'products:1.0' }
  return { format: 'index:1.0', updated, index: { images: { ...entry, products: Object.keys(products) } } }
}

/** All images that can be downloaded and have results, as products of simplestreams. */
export async function streamsProducts(archive: Archive): Promise<object> {
  const { products, updated } = await readProducts(archive)
  return { format: 'products:1.0', datatype: 'image-downloads', content_id: 'images', updated, products }
}

interface Product {
  aliases: string
  arch: string
  os: string
  release: string
  release_title: string
  variant: string
  versions: Record<string, { items: Record<string, object> }>
}

async function readProducts(archive: Archive): Promise<{ products: Record<string, Product>; updated: string }> {
  const products: Record<string, Product> = {}
  let newest = 0
  for (const files of await archive.images.list()) {
    const { names } = await findImage(archive, files.digest)
    for (const image of names) {
      newest = Math.max(newest, image.builtAt)
      const arch = debianArchitecture(image.architecture)
      const variant = image.variant || 'default'
      const product = (products[`${image.name}:${arch}:${variant}`] ??= {
        aliases: aliasesOf(image, variant),
        arch,
        os: image.distribution,
        release: image.release,
        release_title: image.release,
        variant,
        versions: {},
      })
      product.versions[versionOf(image)] = { items: itemsOf(files) }
    }
  }
  return { products, updated: new Date(newest).toUTCString().replace('GMT', '+0000') }
}

function aliasesOf({ name, distribution, release }: ImageRow, variant: string): string {
  const long = [distribution, release, ...(variant === 'default' ? [] : [variant])].filter(Boolean).join('/')
  return [...new Set([name, long])].join(',')
}

/** Clients sort versions as text and take the last. */
function versionOf({ build, builtAt }: ImageRow): string {
  const time = new Date(builtAt).toISOString().replace(/[-:]/g, '').slice(0, 13).replace('T', '_')
  return /^20\d{6}/.test(build) ? build : `${time}_${build}`
}

function itemsOf({ digest, metadata, rootfs }: ImageFiles): Record<string, object> {
  const combined = digest.slice('sha256:'.length)
  return {
    'lxd.tar.xz': {
      ftype: 'lxd.tar.xz',
      path: filePath(digest, 'metadata'),
      ...metadata,
      combined_squashfs_sha256: combined,
    },
    'root.squashfs': { ftype: 'squashfs', path: filePath(digest, 'rootfs'), ...rootfs },
  }
}
