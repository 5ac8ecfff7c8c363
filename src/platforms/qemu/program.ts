import type { Architecture } from './options.ts'

/** Debian's packages of QEMU, its disk tool, and the firmware of each architecture. */
const PACKAGES: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['qemu-system-x86', 'qemu-utils', 'ovmf'],
  aarch64: ['qemu-system-arm', 'qemu-utils', 'qemu-efi-aarch64'],
}

/** The command that installs what guests of an architecture need. */
export function installHint(architecture: Architecture): string {
  return `apt-get install --no-install-recommends ${PACKAGES[architecture].join(' ')}`
}

export const QEMU_HINT = installHint('x86_64')

/** Name of the QEMU program that runs guests of an architecture. */
export function programFor(architecture: Architecture): string {
  return `qemu-system-${architecture}`
}
