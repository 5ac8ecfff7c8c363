import { SECTOR } from './layout.ts'

/** A piece of a disk: bytes and where they go. */
export interface DiskPatch {
  offset: number
  data: Buffer
}

const BOOT_CODE_BYTES = 440
// offsets of include/grub/i386/pc/boot.h and of the last block list in diskboot.img, GRUB 2
const KERNEL_SECTOR = 0x5c
const DRIVE_CHECK = 0x66
const BLOCK_LIST = SECTOR - 12
const AFTER_FIRST_SECTOR = 0x820

/**
 * GRUB in the boot sector and in the BIOS boot partition, as grub-bios-setup writes them.
 * @param start byte at which that partition begins
 */
export function biosBoot(bootImage: Buffer, coreImage: Buffer, start: number): DiskPatch[] {
  const boot = Buffer.from(bootImage.subarray(0, BOOT_CODE_BYTES))
  boot.writeBigUInt64LE(BigInt(start / SECTOR), KERNEL_SECTOR)
  // this is a hard disk, whatever number the firmware passes
  boot.writeUInt16LE(0x9090, DRIVE_CHECK)
  const sectors = Math.ceil(coreImage.length / SECTOR)
  const core = Buffer.alloc(sectors * SECTOR)
  coreImage.copy(core)
  core.writeBigUInt64LE(BigInt(start / SECTOR + 1), BLOCK_LIST)
  core.writeUInt16LE(sectors - 1, BLOCK_LIST + 8)
  core.writeUInt16LE(AFTER_FIRST_SECTOR, BLOCK_LIST + 10)
  return [
    { offset: 0, data: boot },
    { offset: start, data: core },
  ]
}
