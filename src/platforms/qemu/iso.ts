/** A small file for a volume; names are kept as they are. */
export interface IsoFile {
  name: string
  content: string | Uint8Array
}

const SECTOR = 2048
const ROOT_SECTOR = 20
/** One day for all, so that equal content gives equal bytes. */
const DATE = Buffer.from([120, 1, 1, 0, 0, 0, 0])

/**
 * An ISO 9660 volume with the files in its only folder. Names are in Rock Ridge form (SUSP and RRIP 1.12), which every kernel that
 * reads CD-ROMs understands without character tables. Layout from ECMA-119: sectors of 2048 bytes, 16 of them unused.
 */
export function isoVolume(label: string, files: readonly IsoFile[]): Uint8Array {
  const sorted = files.toSorted((a, b) => (isoName(a.name) < isoName(b.name) ? -1 : 1))
  const contents = sorted.map((file) => Buffer.from(file.content as string))
  let at = ROOT_SECTOR + 1
  const places = contents.map((content) => {
    const sector = at
    at += Math.max(1, Math.ceil(content.length / SECTOR))
    return sector
  })
  const root = Buffer.alloc(SECTOR)
  const self = (name: number, extension: Buffer) =>
    record(Buffer.from([name]), { sector: ROOT_SECTOR, bytes: SECTOR, folder: true, extension })
  const records = [
    self(0, Buffer.concat([susp('SP', [0xbe, 0xef, 0]), reference(), attributes(0o040555, 2)])),
    self(1, attributes(0o040555, 2)),
    ...sorted.map((file, index) =>
      record(Buffer.from(isoName(file.name)), {
        sector: places[index] ?? 0,
        bytes: contents[index]?.length ?? 0,
        folder: false,
        extension: Buffer.concat([attributes(0o100444, 1), susp('NM', [0, ...Buffer.from(file.name)])]),
      }),
    ),
  ]
  const listing = Buffer.concat(records)
  if (listing.length > SECTOR) throw new RangeError('too many files for one folder sector')
  listing.copy(root)
  const volume = Buffer.alloc(at * SECTOR)
  primaryDescriptor(label, at).copy(volume, 16 * SECTOR)
  Buffer.from([255, ...Buffer.from('CD001'), 1]).copy(volume, 17 * SECTOR)
  pathTable(false).copy(volume, 18 * SECTOR)
  pathTable(true).copy(volume, 19 * SECTOR)
  root.copy(volume, ROOT_SECTOR * SECTOR)
  contents.forEach((content, index) => content.copy(volume, (places[index] ?? 0) * SECTOR))
  return volume
}

/** Systems without Rock Ridge see this; only its order matters to us. */
function isoName(name: string): string {
  return `${name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .slice(0, 28)}.;1`
}

/** Numbers are written in both byte orders. */
function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value, 0)
  bytes.writeUInt32BE(value, 4)
  return bytes
}

function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16LE(value, 0)
  bytes.writeUInt16BE(value, 2)
  return bytes
}

function record(name: Buffer, of: { sector: number; bytes: number; folder: boolean; extension: Buffer }): Buffer {
  const padding = Buffer.alloc(name.length % 2 === 0 ? 1 : 0)
  const body = Buffer.concat([
    Buffer.from([0]),
    both32(of.sector),
    both32(of.bytes),
    DATE,
    Buffer.from([of.folder ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([name.length]),
    name,
    padding,
    of.extension,
  ])
  const odd = (body.length + 1) % 2
  return Buffer.concat([Buffer.from([body.length + 1 + odd]), body, Buffer.alloc(odd)])
}

/** A system use entry: two letters, length, version 1, data. */
function susp(signature: string, data: readonly number[]): Buffer {
  return Buffer.from([...Buffer.from(signature), data.length + 4, 1, ...data])
}

/** POSIX mode, links, owner and group of a file. */
function attributes(mode: number, links: number): Buffer {
  return Buffer.concat([susp('PX', []).fill(36, 2, 3), both32(mode), both32(links), both32(0), both32(0)])
}

/** Names the extension in use; some systems look for it. */
function reference(): Buffer {
  const id = Buffer.from('RRIP_1991A')
  return susp('ER', [id.length, 0, 0, 1, ...id])
}

function pathTable(bigEndian: boolean): Buffer {
  const table = Buffer.alloc(10)
  table[0] = 1
  if (bigEndian) table.writeUInt32BE(ROOT_SECTOR, 2)
  else table.writeUInt32LE(ROOT_SECTOR, 2)
  if (bigEndian) table.writeUInt16BE(1, 6)
  else table.writeUInt16LE(1, 6)
  return table
}

function primaryDescriptor(label: string, sectors: number): Buffer {
  const descriptor = Buffer.alloc(SECTOR)
  descriptor[0] = 1
  descriptor.write('CD001', 1, 'latin1')
  descriptor[6] = 1
  descriptor.fill(' ', 8, 72)
  descriptor.write(label, 40, 32, 'latin1')
  both32(sectors).copy(descriptor, 80)
  both16(1).copy(descriptor, 120)
  both16(1).copy(descriptor, 124)
  both16(SECTOR).copy(descriptor, 128)
  both32(10).copy(descriptor, 132)
  descriptor.writeUInt32LE(18, 140)
  descriptor.writeUInt32BE(19, 148)
  record(Buffer.from([0]), { sector: ROOT_SECTOR, bytes: SECTOR, folder: true, extension: Buffer.alloc(0) }).copy(
    descriptor,
    156,
  )
  descriptor.fill(' ', 190, 813)
  descriptor.fill('0', 813, 881)
  for (const end of [829, 846, 863, 880]) descriptor[end] = 0
  descriptor[881] = 1
  return descriptor
}
