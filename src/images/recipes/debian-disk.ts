import type { DiskAdditions, RecipeScript } from '../recipe.ts'

interface Boot {
  packages: readonly string[]
  console: string
  install: readonly string[]
}

/** What grub-install would leave behind; it insists on a disk to do so. `$uuid` is that of the root file system. */
const GRUB: Readonly<Record<string, Boot>> = {
  amd64: {
    // the kernel and boot loaders of the official image for virtual machines
    packages: ['linux-image-cloud-amd64', 'grub-cloud-amd64'],
    console: 'ttyS0,115200',
    install: [
      'modules i386-pc',
      'cp /usr/lib/grub/i386-pc/boot.img /boot/grub/i386-pc/',
      "grub-mkimage -O i386-pc -p '(,gpt1)/boot/grub' -o /boot/grub/i386-pc/core.img biosdisk part_gpt ext2",
      'modules x86_64-efi',
      'efi x64 X64 /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed',
    ],
  },
  arm64: {
    packages: ['linux-image-cloud-arm64', 'grub-efi-arm64', 'grub-efi-arm64-signed', 'shim-signed'],
    console: 'ttyAMA0,115200',
    install: ['modules arm64-efi', 'efi aa64 AA64 /usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed'],
  },
}

/** What a Debian image needs besides its packages to be a disk that boots; undefined for an architecture without a known boot loader. */
export function debianDisk(architecture: string): DiskAdditions | undefined {
  const boot = GRUB[architecture]
  if (!boot) return undefined
  return {
    packages: [...boot.packages, 'initramfs-tools', 'zstd', 'dosfstools'],
    files: [
      {
        path: '/etc/fstab',
        content:
          'UUID={{root-uuid}} / ext4 rw,discard,errors=remount-ro,x-systemd.growfs 0 1\nUUID={{esp-id}} /boot/efi vfat defaults 0 0\n',
      },
      {
        path: '/etc/default/grub.d/10_image.cfg',
        content: [
          'GRUB_TIMEOUT=0',
          'GRUB_DISABLE_OS_PROBER=true',
          'GRUB_CMDLINE_LINUX_DEFAULT=""',
          `GRUB_CMDLINE_LINUX="console=tty0 console=${boot.console}"`,
          ...(architecture === 'amd64'
            ? ['GRUB_TERMINAL="console serial"', 'GRUB_SERIAL_COMMAND="serial --speed=115200"']
            : []),
          '',
        ].join('\n'),
      },
      {
        path: '/etc/modprobe.d/blocked-hardware.conf',
        content:
          '# No virtual machine has these, and looking for them takes time.\nblacklist floppy\nblacklist pcspkr\n',
      },
      {
        // read after 10_image.cfg, whose list it replaces
        path: '/etc/cloud/cloud.cfg.d/20_disk.cfg',
        content:
          '# A disk is uploaded to any cloud; the guest finds out to which.\n' +
          'datasource_list: [NoCloud, ConfigDrive, Ec2, GCE, Azure, OpenStack, Oracle, Hetzner, DigitalOcean, Vultr, LXD, None]\n',
      },
      // tells grub-cloud that it may write to the disk when it is upgraded; it is asked only after this build
      { path: '/etc/grub.d/enable_cloud', content: '' },
    ],
    scripts: [bootScript(boot)],
  }
}

function bootScript({ install }: Boot): RecipeScript {
  return {
    name: 'boot-loader',
    content: `#!/bin/sh
set -eu
uuid=$(sed -n 's,^UUID=\\([^ ]*\\) / .*,\\1,p' /etc/fstab)

# modules PLATFORM
modules() {
  mkdir -p "/boot/grub/$1"
  cp "/usr/lib/grub/$1"/*.mod "/usr/lib/grub/$1"/*.lst "/boot/grub/$1/"
}
# efi SUFFIX UPPER-CASE-SUFFIX GRUB: under its own name for firmware with an entry for it, and under the one that needs no entry.
efi() {
  mkdir -p /boot/efi/EFI/debian /boot/efi/EFI/BOOT
  cp "/usr/lib/shim/shim$1.efi.signed" "/boot/efi/EFI/debian/shim$1.efi"
  cp "/usr/lib/shim/shim$1.efi.signed" "/boot/efi/EFI/BOOT/BOOT$2.EFI"
  for dir in debian BOOT; do
    cp "$3" "/boot/efi/EFI/$dir/grub$1.efi"
    cp "/usr/lib/shim/mm$1.efi.signed" "/boot/efi/EFI/$dir/mm$1.efi"
  done
  cp "/usr/lib/shim/fb$1.efi.signed" "/boot/efi/EFI/debian/fb$1.efi"
  cp "/usr/lib/shim/BOOT$2.CSV" /boot/efi/EFI/debian/
  printf '%s\\n' "search.fs_uuid $uuid root" "set prefix=(\\$root)'/boot/grub'" 'configfile $prefix/grub.cfg' >/boot/efi/EFI/debian/grub.cfg
}
${install.join('\n')}

# update-grub asks about disks that are not there yet
mv /usr/sbin/grub-probe /usr/sbin/grub-probe.real
trap 'mv /usr/sbin/grub-probe.real /usr/sbin/grub-probe; rm -rf /dev/disk' EXIT
cat >/usr/sbin/grub-probe <<PROBE
#!/bin/sh
case " \\$* " in
  *target=device* | *' -t device '*) echo /dev/vda1 ;;
  *target=fs_uuid*) echo $uuid ;;
  *target=fs*) echo ext2 ;;
  *target=partmap*) echo gpt ;;
  *target=compatibility_hint*) echo hd0,gpt1 ;;
esac
PROBE
chmod 0755 /usr/sbin/grub-probe
mkdir -p /dev/disk/by-uuid
: >"/dev/disk/by-uuid/$uuid"
update-grub
grep -q "root=UUID=$uuid" /boot/grub/grub.cfg
`,
  }
}
