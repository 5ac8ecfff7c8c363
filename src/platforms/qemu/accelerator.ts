import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatMs } from '../../core/duration.ts'
import { HarnessError } from '../../core/errors.ts'
import { cacheDir } from '../../core/paths.ts'
import { probeHost } from '../../core/subprocess.ts'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { Accelerator, Architecture } from './options.ts'
import { probeGuest } from './probe-guest.ts'
import { programFor, QEMU_HINT } from './program.ts'

/** How guests of one architecture run on this host. */
export interface Acceleration {
  accelerator: Accelerator
  /** Set when something faster is there and was refused. */
  warning?: string
}

/** How many times longer than on real hardware things take. Emulation was measured at 6 to 12 for a boot, 4 for most else. */
export function paceOf(accelerator: Accelerator): number {
  return accelerator === 'tcg' ? 4 : 1
}

const HOST: Partial<Record<NodeJS.Architecture, Architecture>> = { x64: 'x86_64', arm64: 'aarch64' }

/** The architecture of this host, as QEMU calls it. */
export function hostArchitecture(): Architecture {
  return HOST[process.arch] ?? 'x86_64'
}

/**
 * Chooses the accelerator by running a tiny guest under each that there is. One that is there and slower than emulation is refused
 * with a warning. The answer is kept until the host boots again.
 * @throws PrerequisiteError when QEMU is not installed
 */
export async function chooseAccelerator(
  architecture: Architecture,
  options: { program?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Acceleration> {
  const program = options.program ?? programFor(architecture)
  const kept = keptFile(program)
  const known = await readFile(kept, 'utf8').catch(() => undefined)
  if (known !== undefined) return JSON.parse(known) as Acceleration
  const found = await examine(architecture, program, options.signal)
  await keep(kept, found).catch(() => undefined)
  return found
}

async function examine(architecture: Architecture, program: string, signal?: AbortSignal): Promise<Acceleration> {
  const emulation = await timeOf('tcg', architecture, program, 60_000, signal)
  if (typeof emulation === 'string') throw new EmulationError(`${program} cannot run a guest: ${emulation}`)
  const hardware = process.platform === 'darwin' ? 'hvf' : 'kvm'
  if (architecture !== hostArchitecture()) return { accelerator: 'tcg' }
  const absent = await whyAbsent(hardware)
  if (absent !== undefined) return { accelerator: 'tcg', ...(absent === '' ? {} : { warning: absent }) }
  const allowedMs = Math.max(1500, emulation * 3)
  const took = await timeOf(hardware, architecture, program, allowedMs, signal)
  if (typeof took === 'number') return { accelerator: hardware }
  const why = `${hardware.toUpperCase()} is there, and ${took}; guests are emulated, which takes several times as long`
  return { accelerator: 'tcg', warning: why }
}

/** Why hardware help cannot even be tried; empty when this host simply has none. */
async function whyAbsent(hardware: 'kvm' | 'hvf'): Promise<string | undefined> {
  if (hardware === 'hvf') return undefined
  if (!existsSync('/dev/kvm')) return ''
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK)
    return undefined
  } catch {
    return 'this user may not open /dev/kvm; guests are emulated. To change that: sudo usermod -aG kvm "$USER", then sign in again'
  }
}

/** Milliseconds the probe guest took, or what happened instead. */
async function timeOf(
  accelerator: Accelerator,
  architecture: Architecture,
  program: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<number | string> {
  const guest = probeGuest(architecture)
  const dir = await makeTempDir('qemu')
  try {
    const rom = join(dir, 'rom')
    await writeFile(rom, guest.rom)
    const command = [
      program,
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-m',
      '64',
      '-accel',
      accelerator,
    ] as const
    const cpu = accelerator === 'tcg' ? 'max' : 'host'
    const started = performance.now()
    const result = await probeHost([...command, '-cpu', cpu, ...guest.arguments, '-bios', rom], {
      deadlineMs,
      installHint: QEMU_HINT,
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      // The deadline is an answer here; a missing program is not.
      if (error instanceof HarnessError && /was killed after/.test(error.message)) return undefined
      throw error
    })
    const took = performance.now() - started
    if (!result) return `a tiny guest was not done after ${formatMs(took)}`
    if (result.exitCode === guest.exitCode) return took
    return `it said: ${result.stderr.trim().split('\n').at(-1)?.slice(0, 200) || `exit code ${result.exitCode}`}`
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

class EmulationError extends HarnessError {
  readonly blame = 'host'
}

function keptFile(program: string): string {
  const boot = readBootId()
  const rights = existsSync('/dev/kvm') ? String(process.getuid?.()) : 'none'
  const name = createHash('sha256').update([program, boot, rights].join('\n')).digest('hex').slice(0, 16)
  return join(cacheDir(), 'qemu', `accelerator-${name}.json`)
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

async function keep(path: string, found: Acceleration): Promise<void> {
  await mkdir(join(cacheDir(), 'qemu'), { recursive: true })
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, JSON.stringify(found))
  await rename(fresh, path)
}
