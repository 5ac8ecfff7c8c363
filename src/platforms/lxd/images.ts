import { PlatformError } from '../../core/errors.ts'
import { buildImage, findRecipe, recipes } from '../../images/index.ts'
import type { PlatformImage } from '../platform.ts'
import type { AliasInfo, ImageInfo } from './api.ts'
import type { LxdClient } from './client.ts'
import { findByAlias, findByFingerprint, importImage } from './image-import.ts'
import { REMOTES, parseRemote } from './remotes.ts'

interface Resolving {
  signal?: AbortSignal | undefined
  onProgress?: ((line: string) => void) | undefined
}

/** Prefix of a reference that means the server's own images, even if a recipe has that name. */
const ON_SERVER = 'remote:'
const COPY_MS = 1_800_000

/**
 * Finds an image: a recipe by name (built when needed), `ubuntu:24.04` and the like from a public server,
 * else an alias or fingerprint of the server; `remote:name` only there.
 * @throws PlatformError not-found with near names
 */
export async function resolveImage(client: LxdClient, reference: string, options: Resolving): Promise<ImageInfo> {
  if (reference.startsWith(ON_SERVER)) return findOnServer(client, reference.slice(ON_SERVER.length))
  if (findRecipe(reference)) return fromRecipe(client, reference, options)
  const remote = parseRemote(reference)
  if (remote) return fromRemote(client, remote, options)
  return findOnServer(client, reference)
}

/** What the platform contract tells about an image. */
export function describeImage(image: ImageInfo): PlatformImage {
  const { os = '', release = '', version, architecture, variant = 'default', description = '' } = image.properties
  return {
    id: image.fingerprint,
    digest: `sha256:${image.fingerprint}`,
    distribution: os.toLowerCase(),
    release: version ?? release,
    architecture: architecture ?? image.architecture,
    variant,
    description,
  }
}

async function fromRecipe(client: LxdClient, name: string, options: Resolving): Promise<ImageInfo> {
  const { signal, onProgress } = options
  const built = await buildImage(name, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) })
  const alias = `harness/${name}/${built.digest.slice(0, 12)}`
  const known = await findByAlias(client, alias)
  if (known) return known
  onProgress?.(`importing ${name} into LXD`)
  const fingerprint = await importImage(
    client,
    { metadata: built.metadata, rootfs: built.rootfs, type: 'container' },
    {
      alias,
      signal,
      properties: {
        ...recipeProperties(built.manifest),
        'user.harness.image': name,
        'user.harness.digest': built.digest,
      },
    },
  )
  return client.get<ImageInfo>(`/1.0/images/${fingerprint}`)
}

/** Properties sent with an upload replace those in the image's metadata. */
function recipeProperties(manifest: {
  distribution: string
  codename: string
  release: string
  architecture: string
  variant: string
  description: string
  serial: string
}) {
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
