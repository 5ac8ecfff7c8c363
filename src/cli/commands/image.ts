import { rm } from 'node:fs/promises'
import type { BuiltDisk, BuiltImage, DiskFormat } from '../../images/index.ts'
import { ConfigError } from '../../core/errors.ts'
import { formatMs } from '../../core/duration.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson, table } from '../output.ts'
import { unknownWord } from '../parse.ts'

interface ImageOptions {
  rebuild?: boolean
  packages?: boolean
  all?: boolean
  format?: 'lxd' | DiskFormat
  json?: boolean
}
type Action = (names: readonly string[], options: ImageOptions, signal: AbortSignal) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = { build, list, inspect, remove }

export default defineCommand({
  name: 'image',
  args: 'build|list|inspect|remove [NAME...]',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Builds test images by mmdebstrap and keeps them in a cache. A name is that of a recipe the harness brings along, or the path of a YAML recipe of yours that extends one. An image is built again when its recipe or a package of its suites has changed.',
  options: {
    rebuild: { type: 'boolean', text: 'build even what is in the cache' },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['lxd', 'qcow2', 'raw', 'vmdk', 'vhd', 'vhdx'],
      text: 'build: the default lxd is an image for containers, the others are disks that boot by themselves',
    },
    packages: { type: 'boolean', text: 'inspect: list the packages too' },
    all: { type: 'boolean', text: 'remove: older builds of every name' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness image build debian-13',
    'harness image build debian-13 --format qcow2',
    'harness image build ./my-image.yaml',
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
  const { listCached, recipes } = await import('../../images/index.ts')
  const cached = (await listCached()).filter((image) => names.length === 0 || names.includes(image.name))
  if (options.json) return await printJson(cached.map(summary))
  if (cached.length > 0) await print(imageTable(cached))
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
  const { listCached } = await import('../../images/index.ts')
  if (names.length === 0 && !options.all) {
    throw new ConfigError('name what to remove', {
      hint: 'harness image remove NAME, or --all for older builds of every name',
    })
  }
  const cached = await listCached()
  for (const name of names) if (!cached.some((image) => image.name === name)) throw notBuilt(name)
  const newest = new Set(cached.map((image) => image.name).map((name) => cached.find((image) => image.name === name)))
  const chosen = cached.filter((image) => (names.length > 0 ? names.includes(image.name) : !newest.has(image)))
  for (const image of chosen) await rm(image.dir, { recursive: true, force: true })
  if (options.json) return await printJson(chosen.map(summary))
  await print(
    chosen.length === 0
      ? 'nothing to remove'
      : chosen.map((image) => `removed ${image.name} ${image.digest.slice(0, 12)}`).join('\n'),
  )
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
  const { name, ...rest } = summary(image)
  return { name: image.name.replace(/\.disk$/, ''), format, path, ...rest }
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`
}
