import { rm } from 'node:fs/promises'
import type { BuiltDisk, BuiltImage, DiskFormat, FetchedImage } from '../../images/index.ts'
import { ConfigError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson, table } from '../output.ts'
import { fetchedTable, get } from '../image-get.ts'
import { publishImage, type PublishImageOptions } from '../image-publish.ts'
import { unknownWord } from '../parse.ts'

interface ImageOptions extends PublishImageOptions {
  rebuild?: boolean
  packages?: boolean
  all?: boolean
  format?: 'lxd' | DiskFormat
  arch?: string
  keyring?: string[]
  unsigned?: boolean
  parallel?: string
  json?: boolean
}
type Action = (names: readonly string[], options: ImageOptions, signal: AbortSignal) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = { build, get, list, inspect, remove, publish: publishImage }

export default defineCommand({
  name: 'image',
  args: 'build|get|list|inspect|remove|publish [NAME...]',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Builds test images by mmdebstrap and keeps them in a cache. A name is that of a recipe the harness brings along, or the path of a YAML recipe of yours that extends one. An image is built again when its recipe or a package of its suites has changed. `get` downloads official images such as ubuntu-24.04 or fedora-43, and uses nothing before the signature of its publisher and the checksum are found good. `publish` copies an image file to where the public gets it, and refuses unless a policy let it through and a person signed that.',
  options: {
    rebuild: { type: 'boolean', text: 'build even what is in the cache' },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['lxd', 'qcow2', 'raw', 'vmdk', 'vhd', 'vhdx'],
      text: 'build: the default lxd is an image for containers, the others are disks that boot by themselves; get: lxd, else a disk',
    },
    arch: {
      type: 'string',
      value: 'ARCH',
      choices: ['x64', 'arm64'],
      text: 'get: for this architecture; default that of this host',
    },
    keyring: { type: 'string', multiple: true, value: 'FILE', text: 'get: trust the keys in this file and no others' },
    unsigned: { type: 'boolean', text: 'get: take what nobody signed; the checksum is still checked' },
    parallel: { type: 'string', value: 'N', text: 'get: downloads at once; default 2' },
    packages: { type: 'boolean', text: 'inspect: list the packages too' },
    all: { type: 'boolean', text: 'remove: older builds and downloads of every name' },
    to: { type: 'string', value: 'DIR', text: 'publish: folder of published images' },
    decision: { type: 'string', value: 'FILE', text: 'publish: what `harness gate --out` wrote' },
    approval: { type: 'string', value: 'FILE', text: 'publish: what `harness approve` wrote' },
    policy: { type: 'string', value: 'FILE', text: 'publish: the policy that decided' },
    approvers: { type: 'string', value: 'DIR', text: 'publish: registrations of who may approve' },
    'max-age': { type: 'string', value: 'DURATION', text: 'publish: refuse an older decision; default "7 days"' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness image build debian-13',
    'harness image build debian-13 --format qcow2',
    'harness image build ./my-image.yaml',
    'harness image get ubuntu-24.04 fedora-43',
    'harness image inspect debian-13 --packages',
  ],
  async run({ options, args, signal }) {
    const [name = '', ...names] = args
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (!action) throw unknownWord(`action ${name}`, name, Object.keys(ACTIONS), 'harness image --help')
    await action(names, options, signal)
    return 0
  },
})

async function build(names: readonly string[], options: ImageOptions, signal: AbortSignal): Promise<void> {
  if (names.length === 0) throw new ConfigError('name what to build', { hint: 'harness image build debian-13' })
  const { buildDisk, buildImage } = await import('../../images/index.ts')
  const { format = 'lxd' } = options
  const built: BuiltImage[] = []
  const disks: BuiltDisk[] = []
  for (const name of names) {
    const started = performance.now()
    let worked = false
    const wanted = {
      ...(options.rebuild ? { rebuild: true } : {}),
      signal,
      onProgress: (line: string) => {
        worked = true
        note(`${name}: ${line}`)
      },
    }
    if (format === 'lxd') built.push(await buildImage(name, wanted))
    else disks.push(await buildDisk(name, { ...wanted, format }))
    if (worked) note(`${name}: done in ${formatMs(performance.now() - started)}`)
  }
  if (options.json) await printJson([...built.map(summary), ...disks.map(diskSummary)])
  else await print(format === 'lxd' ? imageTable(built) : disks.map(({ path }) => path).join('\n'))
}

async function list(names: readonly string[], options: ImageOptions): Promise<void> {
  const { listAllFetched, listCached, recipes } = await import('../../images/index.ts')
  const wanted = ({ name }: { name: string }) => names.length === 0 || names.includes(name)
  const cached = (await listCached()).filter(wanted)
  const fetched = (await listAllFetched()).filter(wanted)
  if (options.json) return await printJson([...cached.map(summary), ...fetched])
  if (cached.length > 0) await print(imageTable(cached))
  if (fetched.length > 0) await print(`${cached.length > 0 ? '\n' : ''}${fetchedTable(fetched)}`)
  const missing = recipes.map((recipe) => recipe.name).filter((name) => !cached.some((image) => image.name === name))
  if (names.length === 0 && missing.length > 0) note(`not built yet: ${missing.join(', ')}`)
}

async function inspect(names: readonly string[], options: ImageOptions): Promise<void> {
  const [name] = names
  if (name === undefined) throw new ConfigError('name an image', { hint: 'harness image inspect debian-13' })
  const { listCached } = await import('../../images/index.ts')
  const [image] = await listCached(name)
  if (!image) throw notBuilt(name)
  const { packages, ...rest } = image.manifest
  if (options.json) return await printJson({ dir: image.dir, ...image.manifest })
  await print(
    table([
      ['description', rest.description],
      ['digest', rest.digest],
      ['folder', image.dir],
      ['built', `${rest.builtAt} in ${formatMs(rest.durationMs)}`],
      ['serial', rest.serial],
      ['architecture', rest.architecture],
      ['root file system', `${mib(rest.sizes.rootfs)}, ${rest.files} files, ${mib(rest.sizes.installed)} installed`],
      ['packages', String(packages.length)],
    ]),
  )
  if (options.packages) await print(table(packages.map((item) => [item.name, item.version, item.architecture])))
}

async function remove(names: readonly string[], options: ImageOptions): Promise<void> {
  const { listAllFetched, listCached } = await import('../../images/index.ts')
  if (names.length === 0 && !options.all) {
    throw new ConfigError('name what to remove', {
      hint: 'harness image remove NAME, or --all for older builds of every name',
    })
  }
  const cached = await listCached()
  const all = await listAllFetched()
  const isNewest = (image: FetchedImage) =>
    all.find(
      ({ name, kind, architecture }) =>
        name === image.name && kind === image.kind && architecture === image.architecture,
    ) === image
  const fetched = all.filter((image) => (names.length > 0 ? names.includes(image.name) : !isNewest(image)))
  for (const name of names) if (![...cached, ...fetched].some((image) => image.name === name)) throw notBuilt(name)
  const newest = new Set(cached.map((image) => image.name).map((name) => cached.find((image) => image.name === name)))
  const chosen = cached.filter((image) => (names.length > 0 ? names.includes(image.name) : !newest.has(image)))
  for (const image of [...chosen, ...fetched]) await rm(image.dir, { recursive: true, force: true })
  if (options.json) return await printJson([...chosen.map(summary), ...fetched])
  const lines = [...chosen, ...fetched].map(
    ({ name, digest }) => `removed ${name} ${digest.replace(/^.*:/, '').slice(0, 12)}`,
  )
  await print(lines.length === 0 ? 'nothing to remove' : lines.join('\n'))
}

function notBuilt(name: string): ConfigError {
  return new ConfigError(`no image ${name} in the cache`, { hint: `harness image build ${name}` })
}

function imageTable(images: readonly BuiltImage[]): string {
  const rows = images.map(({ name, digest, manifest, dir }) => [
    name,
    digest.slice(0, 12),
    manifest.builtAt.slice(0, 16).replace('T', ' '),
    mib(manifest.sizes.rootfs),
    dir,
  ])
  return table([['NAME', 'DIGEST', 'BUILT', 'SIZE', 'FOLDER'], ...rows])
}

function summary({ name, digest, dir, rootfs, metadata, manifest }: BuiltImage): Record<string, unknown> {
  return {
    name,
    digest,
    dir,
    rootfs,
    metadata,
    builtAt: manifest.builtAt,
    sizes: manifest.sizes,
    packages: manifest.packages.length,
  }
}

function diskSummary({ path, format, image }: BuiltDisk): Record<string, unknown> {
  return { ...summary(image), name: image.name.replace(/\.disk$/, ''), format, path }
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
