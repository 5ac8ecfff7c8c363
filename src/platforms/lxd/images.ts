import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError, PlatformError } from '../../core/errors.ts'
import { buildImage, findRecipe, listCached, recipes } from '../../images/index.ts'
import type { BuiltImage } from '../../images/index.ts'
import type { PlatformImage } from '../platform.ts'
import type { AliasInfo, ImageInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { findByAlias, findByFingerprint, importImage } from './image-import.ts'
import { importOfficial } from './official-image.ts'
import { REMOTES, parseRemote } from './remotes.ts'

interface Resolving {
  signal?: AbortSignal | undefined
  onProgress?: ((line: string) => void) | undefined
}

/** Prefix of a reference that means the server's own images, even if a recipe has that name. */
const ON_SERVER = 'remote:'
const COPY_MS = 1_800_000

/**
 * Finds an image: a recipe by name or YAML file (built when needed), the folder of a built image, `ubuntu:24.04` and the like
 * from a public server, an alias of the server, a built image by name, an official image by name, or a fingerprint; `remote:name` only
 * on the server.
 * @throws PlatformError not-found with near names
 */
export async function resolveImage(client: LxdClient, reference: string, options: Resolving): Promise<ImageInfo> {
  if (reference.startsWith(ON_SERVER)) return findOnServer(client, reference.slice(ON_SERVER.length))
  if (findRecipe(reference) || /\.ya?ml$/.test(reference)) {
    const { signal, onProgress } = options
    const built = await buildImage(reference, {
      reuseIndices: true,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    return importBuilt(client, built, options)
  }
  if (/^\.{0,2}\//.test(reference)) return importBuilt(client, await readBuilt(resolve(reference)), options)
  const remote = parseRemote(reference)
  if (remote) return fromRemote(client, remote, options)
  const byAlias = await findByAlias(client, reference)
  if (byAlias) return byAlias
  const [cached] = /^[a-z0-9][a-z0-9.-]*$/.test(reference) ? await listCached(reference) : []
  if (cached) return importBuilt(client, cached, options)
  return (await importOfficial(client, reference, options)) ?? findOnServer(client, reference)
}

/** What the platform contract tells about an image. */
export function describeImage(image: ImageInfo): PlatformImage {
  const {
    os = '',
    release = '',
    version,
    architecture,
    variant = 'default',
    description = '',
    serial,
  } = image.properties
  return {
    id: image.fingerprint,
    digest: `sha256:${image.fingerprint}`,
    distribution: os.toLowerCase(),
    release: version ?? release,
    architecture: architecture ?? image.architecture,
    variant,
    description,
    ...(serial === undefined ? {} : { build: serial }),
  }
}

/** Imports an image of the cache, unless the server has it. */
async function importBuilt(client: LxdClient, built: BuiltImage, options: Resolving): Promise<ImageInfo> {
  const { name, digest, metadata, rootfs } = built
  const alias = `harness/${name}/${digest.slice(0, 12)}`
  const known = await findByAlias(client, alias)
  if (known) return known
  options.onProgress?.(`importing ${name} into LXD`)
  const properties = { ...recipeProperties(built.manifest), 'user.harness.image': name, 'user.harness.digest': digest }
  const files = { metadata, rootfs, type: 'container' } as const
  const fingerprint = await importImage(client, files, { alias, signal: options.signal, properties })
  return client.get<ImageInfo>(`/1.0/images/${fingerprint}`)
}

/** @throws ConfigError when the folder is none of a built image */
async function readBuilt(dir: string): Promise<BuiltImage> {
  try {
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as BuiltImage['manifest']
    const [rootfs, metadata] = [join(dir, 'rootfs.squashfs'), join(dir, 'metadata.tar.xz')]
    await Promise.all([stat(rootfs), stat(metadata)])
    return { name: manifest.name, digest: manifest.digest, dir, rootfs, metadata, manifest }
  } catch (error) {
    throw new ConfigError(`${dir} is not the folder of a built image`, {
      hint: 'it must hold manifest.json, rootfs.squashfs and metadata.tar.xz, as `harness image build` leaves them',
      cause: error,
    })
  }
}

/** Properties sent with an upload replace those in the image's metadata. */
function recipeProperties(manifest: BuiltImage['manifest']) {
  const { distribution, codename, release, architecture, variant, description, serial } = manifest
  return { os: distribution, release: codename, version: release, architecture, variant, serial, description }
}

/** The server itself fetches the image, and checks its hash against the signed index over https. */
async function fromRemote(
  client: LxdClient,
  remote: { server: string; alias: string },
  options: Resolving,
): Promise<ImageInfo> {
  options.onProgress?.(`LXD copies ${remote.alias} from ${remote.server}`)
  const done = await client.operate(
    'POST',
    '/1.0/images',
    {
      json: {
        source: { type: 'image', mode: 'pull', protocol: 'simplestreams', server: remote.server, alias: remote.alias },
        auto_update: false,
      },
    },
    { deadlineMs: COPY_MS, signal: options.signal },
  )
  const fingerprint = done?.metadata?.fingerprint
  if (typeof fingerprint !== 'string')
    throw new PlatformError('not-found', `LXD did not say which image ${remote.alias} is`)
  return client.get<ImageInfo>(`/1.0/images/${fingerprint}`)
}

async function findOnServer(client: LxdClient, reference: string): Promise<ImageInfo> {
  const byAlias = await findByAlias(client, reference)
  if (byAlias) return byAlias
  const byFingerprint = /^[0-9a-f]{12,64}$/.test(reference) ? await findByFingerprint(client, reference) : undefined
  if (byFingerprint) return byFingerprint
  throw new PlatformError('not-found', `lxd has no image "${reference}"`, { hint: await nearNames(client) })
}

async function nearNames(client: LxdClient): Promise<string> {
  const aliases = await client.get<AliasInfo[]>('/1.0/images/aliases', { query: { recursion: '1' } }).catch(() => [])
  const names = [
    ...recipes.map((recipe) => recipe.name),
    ...aliases.map((alias) => alias.name).filter((name) => !name.startsWith('harness/')),
  ]
  return `there are ${names.slice(0, 12).join(', ')}; ${Object.keys(REMOTES).join(':, ')}: take images from public servers`
}
