import { unpack } from '../pack.ts'
import { readPage, type Page, type PageRequest, type ReadArchive } from './page.ts'

/** An image as those who tested it describe it. One digest may have several names. */
export interface ImageRow {
  digest: string
  name: string
  basis: 'stored' | 'uploaded' | 'reported'
  distribution: string
  release: string
  architecture: string
  variant: string
  description: string
  /** What builds of one name are told apart by. */
  build: string
  builtAt: number
}

export interface PackageRow {
  name: string
  version: string
  architecture: string
  source: string
}

const SELECT = `SELECT i.digest AS digest, i.name AS name, i.basis AS basis, i.distribution AS distribution, i.release AS release,
  i.architecture AS architecture, i.variant AS variant, i.description AS description, i.build AS build, i.built_at AS "builtAt" FROM image i`

/** Images, newest first. */
export async function listImages(
  archive: ReadArchive,
  request: PageRequest & {
    name?: string
    distribution?: string
    release?: string
    architecture?: string
    variant?: string
    build?: string
  } = {},
): Promise<Page<ImageRow>> {
  const { name, distribution, release, architecture, variant, build } = request
  const filter = {
    'i.name': name,
    'i.distribution': distribution,
    'i.release': release,
    'i.architecture': architecture,
    'i.variant': variant,
    'i.build': build,
  }
  return await readPage<ImageRow>(
    archive,
    { select: SELECT, order: ['i.built_at', 'i.digest', 'i.name'], descending: true, filter },
    request,
  )
}

/** Everything known by a digest: its names and what it is called on platforms. Empty when it is not known. */
export async function findImage(
  { sql }: ReadArchive,
  digest: string,
): Promise<{ names: ImageRow[]; refs: { platform: string; region: string; ref: string; name: string }[] }> {
  const names = await sql.query<ImageRow>(`${SELECT} WHERE i.digest = ? ORDER BY i.name`, [digest])
  const refs = await sql.query<{ platform: string; region: string; ref: string; name: string }>(
    'SELECT DISTINCT platform, region, ref, name FROM image_ref WHERE digest = ? ORDER BY platform, region, ref, name',
    [digest],
  )
  return { names, refs }
}

/** Names of images that have results, with how many builds there are of each and when the newest was made. */
export async function listImageNames({
  sql,
}: ReadArchive): Promise<{ name: string; builds: number; newestAt: number; distribution: string; release: string }[]> {
  return await sql.query(
    `SELECT name, count(DISTINCT build) AS builds, max(built_at) AS "newestAt", min(distribution) AS distribution, min(release) AS release
     FROM image GROUP BY name ORDER BY name`,
  )
}

/** The newest builds of a name, newest first. */
export async function buildsOf(
  { sql }: ReadArchive,
  name: string,
  limit = 30,
): Promise<{ build: string; builtAt: number; digests: number }[]> {
  return await sql.query(
    `SELECT build, max(built_at) AS "builtAt", count(DISTINCT digest) AS digests FROM image WHERE name = ?
     GROUP BY build ORDER BY max(built_at) DESC, build DESC LIMIT ?`,
    [name, limit],
  )
}

/** The packages of an image; undefined when nobody supplied them. */
export async function packagesOf(
  { sql }: ReadArchive,
  digest: string,
  name: string,
): Promise<PackageRow[] | undefined> {
  const [row] = await sql.query<{ packages: Uint8Array }>(
    'SELECT packages FROM image_packages WHERE digest = ? AND name = ?',
    [digest, name],
  )
  const packages = row && unpack<[string, string, string, string][]>(row.packages)
  return packages?.map(([of, version, architecture, source]) => ({ name: of, version, architecture, source }))
}
