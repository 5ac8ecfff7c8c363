import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { PrerequisiteError, UnsupportedError } from '../../core/errors.ts'
import type { Architecture } from './options.ts'
import { installHint } from './program.ts'

/** UEFI as two flash chips: code that all machines share, and a template for the variables each has its own copy of. */
export interface Firmware {
  code: string
  variables: string
  format: string
  /** Must run in system management mode. */
  smm: boolean
}

/** The part we use of the descriptions firmware packages install; `docs/interop/firmware.json` of QEMU defines them. */
const descriptor = z.object({
  'interface-types': z.array(z.string()),
  mapping: z.object({
    device: z.literal('flash'),
    executable: z.object({ filename: z.string(), format: z.string() }),
    'nvram-template': z.object({ filename: z.string(), format: z.string() }),
  }),
  targets: z.array(z.object({ architecture: z.string(), machines: z.array(z.string()) })),
  features: z.array(z.string()),
})

/** Earlier folders hide files of the same name in later ones. */
function folders(): string[] {
  const own = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'qemu', 'firmware')
  return [
    own,
    '/etc/qemu/firmware',
    '/usr/share/qemu/firmware',
    '/opt/homebrew/share/qemu/firmware',
    '/usr/local/share/qemu/firmware',
  ]
}

/**
 * The UEFI firmware of an architecture, as the packages of this host describe what they installed.
 * @param secure with Secure Boot switched on and the usual keys enrolled
 * @throws PrerequisiteError when no package has any, UnsupportedError when none has the secure kind
 */
export async function findFirmware(architecture: Architecture, secure: boolean): Promise<Firmware> {
  const all = (await describedFirmware()).filter(
    ({ targets, mapping, ...rest }) =>
      rest['interface-types'].includes('uefi') &&
      targets.some((target) => target.architecture === architecture && target.machines.some(fits(architecture))) &&
      existsSync(mapping.executable.filename) &&
      existsSync(mapping['nvram-template'].filename),
  )
  if (all.length === 0)
    throw new PrerequisiteError(`there is no UEFI firmware for ${architecture} guests on this host`, {
      hint: installHint(architecture),
    })
  const enrolled = (features: readonly string[]) =>
    features.includes('enrolled-keys') && features.includes('secure-boot')
  const found = all.find(({ features }) => (secure ? enrolled(features) : !features.includes('secure-boot')))
  // Some packages have only a build that could check signatures; without keys it does not.
  const chosen = found ?? (secure ? undefined : all.find(({ features }) => !features.includes('enrolled-keys')))
  if (!chosen)
    throw new UnsupportedError(`the firmware of this host has no Secure Boot with enrolled keys for ${architecture}`, {
      hint: installHint(architecture),
    })
  return {
    code: chosen.mapping.executable.filename,
    variables: chosen.mapping['nvram-template'].filename,
    format: chosen.mapping.executable.format,
    smm: chosen.features.includes('requires-smm'),
  }
}

function fits(architecture: Architecture): (machine: string) => boolean {
  const prefix = architecture === 'x86_64' ? 'pc-q35-' : 'virt-'
  return (machine) => machine.startsWith(prefix)
}

/** Descriptions by priority: the number their file names begin with. Those we cannot use are left out. */
async function describedFirmware(): Promise<z.infer<typeof descriptor>[]> {
  const files = new Map<string, string>()
  for (const folder of folders()) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names) if (name.endsWith('.json') && !files.has(name)) files.set(name, join(folder, name))
  }
  const sorted = [...files.values()].sort((a, b) => basename(a).localeCompare(basename(b)))
  const texts = await Promise.all(sorted.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.flatMap((text) => {
    const parsed = descriptor.safeParse(parseJson(text))
    return parsed.success ? [parsed.data] : []
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
