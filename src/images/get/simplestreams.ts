import { z } from 'zod'
import type { Digest } from './checksums.ts'
import { DownloadError } from './download-error.ts'

const indexSchema = z.object({
  index: z.record(
    z.string(),
    z.object({ datatype: z.string().optional(), path: z.string(), products: z.array(z.string()).optional() }),
  ),
})

const itemSchema = z.object({
  ftype: z.string(),
  path: z.string(),
  size: z.number().optional(),
  sha256: z.string().optional(),
})
type Item = z.infer<typeof itemSchema>

const productsSchema = z.object({
  products: z.record(
    z.string(),
    z.object({
      aliases: z.string().optional(),
      // an item of another kind, without a path, is none of ours
      versions: z.record(z.string(), z.object({ items: z.record(z.string(), z.unknown()) })),
    }),
  ),
})

/** A file of an image, as an index names it. */
export interface StreamFile {
  ftype: string
  path: string
  digest: Digest
  bytes: number | undefined
}

/** Paths of the lists of products in an index, best first: those that say they have the product. */
export function productLists(text: string, product: string, where: string): string[] {
  const { index } = parse(indexSchema, text, where)
  const lists = Object.values(index).filter(({ datatype }) => datatype === undefined || datatype === 'image-downloads')
  const naming = lists.filter(({ products }) => products?.includes(product))
  return (naming.length > 0 ? naming : lists.filter(({ products }) => products === undefined)).map(({ path }) =>
    safePath(path, where),
  )
}

/**
 * The files of the newest version of a product that has one of each wanted type; undefined when there is no such product.
 * @param wanted alternatives for each file, best first
 */
export function newestFiles(
  text: string,
  product: string,
  wanted: readonly (readonly string[])[],
  where: string,
): { version: string; files: StreamFile[] } | undefined {
  const { products } = parse(productsSchema, text, where)
  const found = Object.hasOwn(products, product) ? products[product] : undefined
  if (!found) return undefined
  const versions = Object.entries(found.versions).sort(([a], [b]) => b.localeCompare(a, 'en', { numeric: true }))
  for (const [version, { items }] of versions) {
    const all = Object.values(items).flatMap((item) => itemSchema.safeParse(item).data ?? [])
    const files = wanted.map((types) => types.map((type) => all.find(({ ftype }) => ftype === type)).find(Boolean))
    if (files.every((file) => file !== undefined)) return { version, files: files.map((file) => toFile(file, where)) }
  }
  throw new DownloadError('index', `${where} has no ${wanted.map(([type]) => type).join(' and ')} of ${product}`)
}

function toFile({ ftype, path, size, sha256 }: Item, where: string): StreamFile {
  if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256))
    throw new DownloadError('index', `${where} gives no SHA-256 for ${path.slice(0, 200)}`)
  return { ftype, path: safePath(path, where), digest: { algorithm: 'sha256', hex: sha256 }, bytes: size }
}

/** A path in an index stays below the server it came from. */
function safePath(path: string, where: string): string {
  if (path.startsWith('/') || path.split('/').includes('..') || /^[a-z]+:/i.test(path) || !/^[\x21-\x7e]+$/.test(path))
    throw new DownloadError('index', `${where} names a file outside of its own tree`)
  return path
}

function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new DownloadError('index', `${where} is no simplestreams index`, { cause })
  }
}
