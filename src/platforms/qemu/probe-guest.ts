import type { Architecture } from './options.ts'

const ROM_BYTES = 65_536

/** A guest without an operating system: it counts for a while and switches itself off. */
export interface ProbeGuest {
  rom: Uint8Array
  arguments: readonly string[]
  /** Exit code of QEMU when the guest got to its end. */
  exitCode: number
}

/** The smallest guest whose run time tells how fast an accelerator is. */
export function probeGuest(architecture: Architecture): ProbeGuest {
  return architecture === 'x86_64' ? x86() : arm()
}

/** Real mode, from the reset vector: counts down 2^25 times, then writes to the port of the exit device. */
function x86(): ProbeGuest {
  const rom = Buffer.alloc(ROM_BYTES, 0xf4)
  const count = [0x66, 0xb9, 0x00, 0x00, 0x00, 0x02, 0x66, 0x49, 0x75, 0xfc]
  const exit = [0xba, 0xf4, 0x00, 0xb0, 0x00, 0xee, 0xf4, 0xeb, 0xfd]
  Buffer.from([...count, ...exit]).copy(rom, 0xff00)
  Buffer.from([0xe9, 0x0d, 0xff]).copy(rom, 0xfff0)
  return {
    rom,
    arguments: ['-machine', 'q35', '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
    exitCode: 1,
  }
}

/** Counts down 2^25 times, then asks the firmware interface (PSCI SYSTEM_OFF) for the end. */
function arm(): ProbeGuest {
  const words = [0xd2a04001, 0xf1000421, 0x54ffffe1, 0x52b08000, 0x72800100, 0xd4000002, 0x14000000]
  const rom = Buffer.alloc(ROM_BYTES)
  words.forEach((word, index) => rom.writeUInt32LE(word, index * 4))
  return { rom, arguments: ['-machine', 'virt'], exitCode: 0 }
}
