import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPlatform } from '../../../src/platforms/open-platform.ts'

/** Why QEMU cannot be used on this host, with the command that lifts it. */
export async function whyNoQemu(): Promise<string | undefined> {
  const missing = (await (await loadPlatform('qemu')).doctor({})).filter(({ ok, optional }) => !ok && !optional)
  const [first] = missing
  return first && `${first.detail}: ${first.fix ?? 'run harness doctor'}`
}

/** A folder for one test, with images of machines that need no operating system. */
export function tinyFolder(): Disposable & { path: string; image: (name: string, sector: Uint8Array) => string } {
  const path = mkdtempSync(join(tmpdir(), 'tiny-'))
  return {
    path,
    image(name, sector) {
      const file = join(path, name)
      writeFileSync(file, Buffer.concat([sector, Buffer.alloc(1024 * 1024 - sector.length)]))
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

const ORIGIN = 0x7c00

/** A boot sector that writes a text to the serial line and then does nothing. */
export function speaking(text: string): Uint8Array {
  // cli; ds = 0; si = text; lodsb; while al: out 0x3f8, al; hlt for ever
  const code = [
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0, 0, 0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5,
  ]
  const rest = [0xf4, 0xeb, 0xfd]
  return sector([...code, ...rest], { 6: code.length + rest.length }, Buffer.from(`${text}\0`, 'latin1'))
}

/** A boot sector that writes to its disk without end. */
export function filling(): Uint8Array {
  // ds = ss = 0; loop: si = packet; ax = 0x4300; int 0x13; packet.block += 64
  const code = [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c]
  const loop = [0xbe, 0, 0, 0xb8, 0x00, 0x43, 0xcd, 0x13, 0x66, 0x83, 0x06, 0, 0, 0x40, 0xeb, 0xf0]
  const packet = code.length + loop.length
  const bytes = Buffer.from([16, 0, 64, 0, 0, 0, 0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0])
  return sector([...code, ...loop], { 10: packet, 20: packet + 8 }, bytes)
}

/** A boot sector that writes to the serial line without end. */
export function flooding(): Uint8Array {
  // dx = 0x3f8; al = 'y'; loop: out dx, al
  return sector([0xba, 0xf8, 0x03, 0xb0, 0x79, 0xee, 0xeb, 0xfd], {}, Buffer.alloc(0))
}

/** A boot sector that switches the machine off by the ports of the chipset QEMU gives it. */
export function switchingOff(): Uint8Array {
  // out 0x604, ax = 0x2000: sleep state 5 of the ICH9 of q35
  return sector([0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xf4, 0xeb, 0xfd], {}, Buffer.alloc(0))
}

/** Puts code and data together; at the offsets of `places` the code gets the address of something in it. */
function sector(code: number[], places: Readonly<Record<number, number>>, data: Buffer): Uint8Array {
  const bytes = Buffer.alloc(512)
  Buffer.from(code).copy(bytes)
  data.copy(bytes, code.length)
  for (const [at, offset] of Object.entries(places)) bytes.writeUInt16LE(ORIGIN + offset, Number(at))
  bytes.set([0x55, 0xaa], 510)
  return bytes
}
