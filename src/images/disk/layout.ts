import { uuidOf } from './identifiers.ts'

export const SECTOR = 512
const MIB = 1024 * 1024

/** Where things are on a disk, in bytes. Partitions and their numbers are those of Debian's own cloud images; the root comes last and can grow. */
export interface DiskLayout {
  bytes: number
  biosBoot: { start: number; bytes: number }
  esp: { start: number; bytes: number }
  root: { start: number; bytes: number }
}

const BIOS_BOOT = { start: MIB, bytes: 3 * MIB }
const ESP = { start: 4 * MIB, bytes: 124 * MIB }
const ROOT_START = 128 * MIB
const SMALLEST = 3 * 1024 * MIB

/** The layout for a root file system with that much in it. A disk has 3 GiB, or more when a quarter of that would not stay free. */
export function layoutFor(contentBytes: number): DiskLayout {
  const wanted = ROOT_START + contentBytes * 1.3 + 256 * MIB
  const bytes = Math.max(SMALLEST, Math.ceil(wanted / (256 * MIB)) * 256 * MIB)
  // the last MiB holds the second copy of the partition table
  return { bytes, biosBoot: BIOS_BOOT, esp: ESP, root: { start: ROOT_START, bytes: bytes - ROOT_START - MIB } }
}

// https://uapi-group.org/specifications/specs/discoverable_partitions_specification/
const ROOT_TYPES: Readonly<Record<string, string>> = {
  amd64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  arm64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
}
const LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'
const BIOS_BOOT_TYPE = '21686148-6449-6E6F-744E-656564454649'
const ESP_TYPE = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B'

/** What sfdisk reads to write the partition table. The identifiers depend on `seed` only. */
export function partitionScript(layout: DiskLayout, architecture: string, seed: string): string {
  const line = (number: number, part: { start: number; bytes: number }, type: string) =>
    `disk${number} : start=${part.start / SECTOR}, size=${part.bytes / SECTOR}, type=${type}, uuid=${uuidOf(`part ${number} ${seed}`)}`
  return [
    'label: gpt',
    `label-id: ${uuidOf(`disk ${seed}`)}`,
    'unit: sectors',
    '',
    line(1, layout.root, ROOT_TYPES[architecture] ?? LINUX),
    line(14, layout.biosBoot, BIOS_BOOT_TYPE),
    line(15, layout.esp, ESP_TYPE),
    '',
  ].join('\n')
}
