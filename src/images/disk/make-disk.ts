import { open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runHost } from '../../core/subprocess.ts'
import type { ImageManifest } from '../manifest.ts'
import { asNamespaceRoot } from '../user-namespace.ts'
import { biosBoot } from './bios-boot.ts'
import { uuidOf } from './identifiers.ts'
import { layoutFor, partitionScript } from './layout.ts'

const DEADLINE_MS = 900_000
const HINT = 'apt-get install fdisk e2fsprogs dosfstools mtools squashfs-tools'

/** Features of ext4 that boot loaders of every release read; what this host would choose does not count. */
const MKE2FS_CONF = `[defaults]
base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
default_mntopts = acl,user_xattr
enable_periodic_fsck = 0
blocksize = 4096
inode_size = 256
inode_ratio = 16384
[fs_types]
ext4 = {
features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
}
`

interface Making {
  manifest: ImageManifest
  /** A directory this may fill, on a file system that knows owners and extended attributes. */
  workDir: string
  signal?: AbortSignal
}

/**
 * A raw disk with GPT, EFI system partition and root file system, made from a squashfs image without mounting anything.
 * It boots through UEFI firmware, and through a BIOS where the image brings GRUB for it. Returns its path.
 */
export async function makeRawDisk(rootfs: string, { manifest, workDir, signal }: Making): Promise<string> {
  const disk = join(workDir, 'disk.raw')
  const layout = layoutFor(manifest.sizes.installed)
  const conf = join(workDir, 'mke2fs.conf')
  await writeFile(conf, MKE2FS_CONF)
  await writeFile(disk, '')
  await truncate(disk, layout.bytes)
  const options = { deadlineMs: DEADLINE_MS, installHint: HINT, ...(signal ? { signal } : {}) }
  await runHost(['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', disk], {
    ...options,
    env: systemEnv(),
    stdin: partitionScript(layout, manifest.architecture, manifest.digest),
  })
  const command = [...asNamespaceRoot(), 'sh', '-c', FILL, 'fill', rootfs, disk]
  await runHost(command as [string, ...string[]], {
    ...options,
    cwd: workDir,
    env: {
      ...systemEnv(),
      MKE2FS_CONFIG: conf,
      E2FSPROGS_FAKE_TIME: String(manifest.epoch),
      MTOOLS_SKIP_CHECK: '1',
      epoch: String(manifest.epoch),
      seed: uuidOf(`directories ${manifest.digest}`),
      spare: uuidOf(`root ${manifest.digest}`),
      root_start: String(layout.root.start),
      root_kib: String(layout.root.bytes / 1024),
      esp_mib: String(layout.esp.start / 1024 ** 2),
      esp_kib: String(layout.esp.bytes / 1024),
    },
  })
  await installBiosBoot(workDir, disk, layout.biosBoot.start)
  return disk
}

/** The identifiers are those the image itself mounts by. */
const FILL = `set -eu
rm -rf tree
unsquashfs -quiet -no-progress -dest tree "$1"
fstab=tree/etc/fstab
root_uuid=$(sed -n 's,^UUID=\\([0-9a-fA-F-]*\\)[[:space:]][[:space:]]*/[[:space:]].*,\\1,p' "$fstab" 2>/dev/null | head -n 1)
esp_id=$(sed -n 's,^UUID=\\([0-9A-F-]*\\)[[:space:]][[:space:]]*/boot/efi[[:space:]].*,\\1,p' "$fstab" 2>/dev/null | head -n 1 | tr -d -)
for file in boot.img core.img; do
  if [ -f "tree/boot/grub/i386-pc/$file" ]; then cp "tree/boot/grub/i386-pc/$file" "$file"; fi
done
truncate -s "\${esp_kib}k" esp.img
# the later option wins, and --invariant brings an identifier of its own
mkfs.vfat -F 32 -s 1 -n ESP --invariant \${esp_id:+-i "$esp_id"} esp.img >/dev/null
if [ -d tree/boot/efi/EFI ] && [ ! -L tree/boot ]; then
  mcopy -Q -s -m -i esp.img tree/boot/efi/EFI ::
  find tree/boot/efi -mindepth 1 -delete
  touch -d "@$epoch" tree/boot/efi
fi
dd if=esp.img of="$2" bs=1M seek="$esp_mib" conv=notrunc,sparse status=none
rm esp.img
mke2fs -q -F -t ext4 -m 1 -U "\${root_uuid:-$spare}" -E "hash_seed=$seed,offset=$root_start,nodiscard" -d tree "$2" "\${root_kib}k"
rm -rf tree
`

async function installBiosBoot(workDir: string, disk: string, start: number): Promise<void> {
  const read = (name: string) => readFile(join(workDir, name)).catch(() => undefined)
  const [boot, core] = [await read('boot.img'), await read('core.img')]
  if (!boot || !core) return
  const handle = await open(disk, 'r+')
  try {
    for (const { offset, data } of biosBoot(boot, core, start)) await handle.write(data, 0, data.length, offset)
  } finally {
    await handle.close()
  }
}

/** Tools that make file systems are not in everybody's PATH. */
function systemEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' }
}
