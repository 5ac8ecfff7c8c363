import { ConfigError } from '../core/errors.ts'
import type { FetchedImage } from '../images/index.ts'
import { note, print, printJson, table } from './output.ts'

interface GetFlags {
  format?: string
  arch?: string
  keyring?: string[]
  unsigned?: boolean
  parallel?: string
  json?: boolean
}

/** `harness image get NAME...` */
export async function get(names: readonly string[], flags: GetFlags, signal: AbortSignal): Promise<void> {
  const { catalogueNames, getImage } = await import('../images/index.ts')
  if (names.length === 0) {
    throw new ConfigError('name what to get', {
      hint: `harness image get ubuntu-24.04; known are ${[...new Set(catalogueNames())].join(', ')}`,
    })
  }
  if (flags.format !== undefined && flags.format !== 'lxd' && flags.format !== 'qcow2') {
    throw new ConfigError(`disks are kept as their publisher packs them, not as ${flags.format}`, {
      hint: 'qemu-img convert writes other formats',
    })
  }
  const images: FetchedImage[] = []
  await inParallel(names, parallelOf(flags.parallel), async (name) => {
    const image = await getImage(name, {
      kind: flags.format === 'lxd' ? 'lxd' : 'disk',
      ...(flags.arch === undefined ? {} : { arch: flags.arch }),
      ...(flags.keyring ? { keyrings: flags.keyring } : {}),
      ...(flags.unsigned ? { unsigned: true } : {}),
      signal,
      onProgress: (line) => note(`${name}: ${line}`),
    })
    images.push(image)
  })
  if (flags.json) await printJson(images)
  else await print(fetchedTable(images))
}

/** What was downloaded, for people. */
export function fetchedTable(images: readonly FetchedImage[]): string {
  const rows = images.map(({ name, kind, digest, signedBy, checkedAt, path }) => [
    name,
    kind,
    digest.replace(/^.*:/, '').slice(0, 12),
    signedBy === undefined ? 'nobody' : signedBy.slice(-16),
    checkedAt.slice(0, 16).replace('T', ' '),
    path,
  ])
  return table([['DOWNLOADED', 'KIND', 'DIGEST', 'SIGNED BY', 'CHECKED', 'FILE'], ...rows])
}

function parallelOf(text: string | undefined): number {
  if (text === undefined) return 2
  if (/^[1-9]\d?$/.test(text)) return Number(text)
  throw new ConfigError(`--parallel ${text} is not a number from 1 to 99`)
}

/** Does the work for each, so many at once; the first fault ends it after what is under way. */
async function inParallel<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await work(item).catch((error: unknown) => {
        left.length = 0
        throw error
      })
    }
  }
  const done = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, worker))
  const broken = done.find((result) => result.status === 'rejected')
  if (broken) throw broken.reason
}
