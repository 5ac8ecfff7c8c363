import { HarnessError } from '../../core/errors.ts'
import { probeHost } from '../../core/subprocess.ts'
import type { Prerequisite } from '../platform.ts'
import { chooseAccelerator, hostArchitecture } from './accelerator.ts'
import { findFirmware } from './firmware.ts'
import type { Architecture, QemuOptions } from './options.ts'
import { installHint, programFor } from './program.ts'

const ALL: readonly Architecture[] = ['x86_64', 'aarch64']

/** What guests need on this host, each with what was found. What only guests of another architecture need is optional. */
export async function examine(options: QemuOptions): Promise<Prerequisite[]> {
  const own = options.architecture ?? hostArchitecture()
  const others = ALL.filter((architecture) => architecture !== own)
  return [
    await program(own, options.program ?? programFor(own)),
    await program(own, 'qemu-img'),
    await firmware(own, false),
    optional(await firmware(own, true)),
    await acceleration(own, options),
    ...(await Promise.all(
      others.map(async (architecture) => optional(await program(architecture, programFor(architecture)))),
    )),
    ...(await Promise.all(others.map(async (architecture) => optional(await firmware(architecture, false))))),
  ]
}

function optional(found: Prerequisite): Prerequisite {
  return { ...found, optional: true }
}

async function program(architecture: Architecture, name: string): Promise<Prerequisite> {
  return await told(name, async () => {
    const shown = await probeHost([name, '--version'], { deadlineMs: 15_000, installHint: installHint(architecture) })
    return shown.stdout.split('\n')[0]?.trim() ?? name
  })
}

async function firmware(architecture: Architecture, secure: boolean): Promise<Prerequisite> {
  const name = `${architecture} firmware${secure ? ' with Secure Boot' : ''}`
  return await told(name, async () => (await findFirmware(architecture, secure)).code)
}

async function acceleration(architecture: Architecture, options: QemuOptions): Promise<Prerequisite> {
  const name = 'acceleration'
  if (options.accelerator) return { name, ok: true, detail: `${options.accelerator}, as the options say` }
  const found = await told(name, async () => {
    const { accelerator, warning } = await chooseAccelerator(architecture, { program: options.program })
    if (accelerator !== 'tcg') return accelerator
    return `none: a boot takes a minute or two${warning === undefined ? '' : `; ${warning}`}`
  })
  return found
}

/** A missing thing is an answer here. */
async function told(name: string, look: () => Promise<string>): Promise<Prerequisite> {
  try {
    return { name, ok: true, detail: await look() }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { name, ok: false, detail: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) }
  }
}
