import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface Tree {
  /** Path to content, or to content and mode. */
  files?: Record<string, string | { text: string; mode: number }>
  links?: Record<string, string>
  dirs?: Record<string, number>
}

/** A small root file system in a temporary folder. */
export function makeRoot({ files = {}, links = {}, dirs = {} }: Tree): Disposable & { root: string } {
  const root = mkdtempSync(join(tmpdir(), 'harness-root-'))
  const place = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    return join(root, path)
  }
  for (const [path, target] of Object.entries(links)) symlinkSync(target, place(path))
  for (const [path, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file
    writeFileSync(place(path), text)
    chmodSync(join(root, path), mode)
  }
  for (const [path, mode] of Object.entries(dirs)) {
    mkdirSync(place(path), { recursive: true })
    chmodSync(join(root, path), mode)
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

const DPKG = `Package: cloud-init
Status: install ok installed
Architecture: all
Version: 25.1.4-1
Section: admin

Package: broken
Status: install ok half-configured
Architecture: amd64
Version: 1.0
Conffiles:
 /etc/broken.conf 0123456789abcdef0123456789abcdef
Description: some text

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 2
`

/** A bad Debian: one of nearly everything that must be seen. */
export const DEBIAN: Tree = {
  files: {
    '/usr/lib/os-release':
      'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
    '/etc/debian_version': '13.1\n',
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\nempty:x:1000:1000::/home/empty:/bin/sh\n',
    '/etc/group': 'root:x:0:\ndaemon:x:1:\nempty:x:1000:\n',
    '/etc/shadow': { text: 'root:*:1::::::\ndaemon:!:1::::::\nempty::1::::::\n', mode: 0o640 },
    '/etc/hostname': 'buildhost\n',
    '/etc/machine-id': '',
    '/etc/apt/sources.list.d/debian.sources':
      '# comment\nTypes: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie trixie-updates\nComponents: main\n non-free\nSigned-By: /usr/share/keyrings/k.gpg\n',
    '/etc/apt/sources.list':
      'deb [trusted=yes arch=amd64] http://user:pw@archive.example.com/debian trixie main # note\n#deb http://x y z\n',
    '/etc/apt/apt.conf.d/20auto-upgrades':
      'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic { Unattended-Upgrade "1"; };\n',
    '/var/lib/dpkg/status': DPKG,
    '/var/lib/dpkg/info/cloud-init.md5sums':
      '5d41402abc4b2a76b9719d911017c592  usr/bin/good\n5d41402abc4b2a76b9719d911017c592  usr/bin/bad\n5d41402abc4b2a76b9719d911017c592  usr/share/doc/gone\n',
    '/usr/bin/good': 'hello',
    '/usr/bin/bad': 'changed',
    '/usr/bin/growpart': { text: 'true', mode: 0o755 },
    '/etc/ssh/ssh_host_rsa_key': { text: '-----BEGIN OPENSSH PRIVATE KEY-----\n', mode: 0o600 },
    '/root/.bash_history': 'secret\n',
    '/root/.ssh/authorized_keys': '# c\nssh-rsa AAAA a\nno-port-forwarding,command="echo no" ssh-rsa AAAA b\n',
    '/usr/bin/suid': { text: 'x', mode: 0o4755 },
    '/home/empty/.aws/credentials': 'x\n',
    '/home/empty/.ssh/authorized_keys': 'ssh-rsa AAAA c\n',
    '/srv/all': { text: 'x', mode: 0o666 },
    '/var/log/dpkg.log': 'x\n',
    '/etc/fstab': '# c\nUUID=1 / ext4 defaults 0 1\n/dev/sdb1 none swap sw 0 0\n',
    '/etc/cloud/cloud.cfg':
      'users: [default]\nsystem_info:\n  default_user: {name: debian, plain_text_passwd: hunter22}\ncloud_init_modules: [growpart, [ssh, always], users-groups]\n',
    '/etc/cloud/cloud.cfg.d/90_ds.cfg': 'datasource_list: [ NoCloud, None ]\n',
    '/etc/cloud/cloud.cfg.d/99_bad.cfg': 'a: [1\n',
    '/usr/lib/python3/dist-packages/cloudinit/version.py':
      '__VERSION__ = "25.1.4"\n_PACKAGED_VERSION = "@@PACKAGED_VERSION@@"\n',
    '/usr/lib/systemd/systemd': { text: 'x', mode: 0o755 },
    '/usr/lib/systemd/system/ssh.service': '[Unit]\n',
    '/usr/lib/systemd/system/cloud-final.service': '[Unit]\n',
    '/etc/netplan/50.yaml':
      'network:\n  ethernets:\n    eth0:\n      addresses: [192.0.2.7/24]\n      match: {macaddress: "52:54:00:00:00:01"}\n',
    '/etc/modprobe.d/x.conf': 'blacklist floppy\ninstall udf /bin/true\n',
    '/etc/default/locale': 'LANG="C.UTF-8"\n',
    '/weird name/with\nnewline': { text: 'x', mode: 0o4755 },
  },
  links: {
    '/bin': 'usr/bin',
    '/sbin': 'usr/sbin',
    '/usr/sbin/init': '/lib/systemd/systemd',
    '/lib': 'usr/lib',
    '/etc/os-release': '../usr/lib/os-release',
    '/etc/localtime': '/usr/share/zoneinfo/Etc/UTC',
    '/etc/systemd/system/multi-user.target.wants/ssh.service': '/usr/lib/systemd/system/ssh.service',
    '/etc/systemd/system/cloud-init.target.wants/cloud-final.service': '/usr/lib/systemd/system/cloud-final.service',
    '/etc/systemd/system/cron.service': '/dev/null',
    '/vmlinuz': 'boot/vmlinuz-6',
    '/var/run': '/run',
    '/var/lib/cloud': '/etc/ssh',
    '/etc/sudoers': '/../../../../etc/hostname',
  },
  dirs: { '/tmp': 0o1777, '/run/cloud-init': 0o755, '/usr/sbin': 0o755, '/srv/open': 0o777 },
}

/** Alpine: BusyBox, OpenRC, doas, dropbear, unmerged /usr. */
export const ALPINE: Tree = {
  files: {
    '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n',
    '/etc/alpine-release': '3.22.1\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nalpine:x:1000:1000::/home/alpine:/bin/ash\n',
    '/etc/group': 'root:x:0:root\nwheel:x:10:root,alpine\nalpine:x:1000:\n',
    '/etc/shadow': { text: 'root:!::0:::::\nalpine:*::0:::::\n', mode: 0o640 },
    '/etc/apk/repositories':
      'https://dl-cdn.alpinelinux.org/alpine/v3.22/main\n#https://dl-cdn.alpinelinux.org/alpine/v3.22/testing\nhttps://dl-cdn.alpinelinux.org/alpine/v3.22/community\n',
    '/lib/apk/db/installed':
      'C:Q1x=\nP:cloud-init\nV:25.1.2-r0\nA:noarch\no:cloud-init\n\nP:dropbear\nV:2025.88-r0\nA:x86_64\no:dropbear\n',
    '/sbin/openrc': { text: 'x', mode: 0o755 },
    '/usr/sbin/dropbear': { text: 'x', mode: 0o755 },
    '/usr/bin/doas': { text: 'x', mode: 0o4755 },
    '/etc/doas.conf': 'permit nopass :wheel\n',
    '/etc/dropbear/dropbear_ed25519_host_key': { text: 'x', mode: 0o600 },
    '/etc/conf.d/hostname': 'hostname="localhost"\n',
    '/etc/periodic/daily/x': { text: 'x', mode: 0o755 },
  },
  links: {
    '/sbin/init': '/bin/busybox',
    '/etc/runlevels/default/dropbear': '/etc/init.d/dropbear',
    '/etc/runlevels/default/networking': '/etc/init.d/networking',
    '/etc/runlevels/default/cloud-final': '/etc/init.d/cloud-final',
  },
  dirs: { '/tmp': 0o1777, '/bin': 0o755 },
}

/** FreeBSD: master.passwd, rc.conf, pkg, /usr/local/etc. */
export const FREEBSD: Tree = {
  files: {
    '/etc/os-release': 'NAME=FreeBSD\nID=freebsd\nVERSION_ID=14.3\n',
    '/etc/passwd': '# $FreeBSD$\nroot:*:0:0:Charlie &:/root:/bin/sh\ntoor:*:0:0:Bourne-again Superuser:/root:\n',
    '/etc/master.passwd': {
      text: '# $FreeBSD$\nroot::0:0::0:0:Charlie &:/root:/bin/sh\ntoor:*:0:0::0:0::/root:\n',
      mode: 0o600,
    },
    '/etc/group': 'wheel:*:0:root\n',
    '/etc/rc.subr': 'x',
    '/etc/rc.conf':
      'sshd_enable="YES"\ncloudinit_enable="YES"\nntpd_enable="NO"\nifconfig_vtnet0="inet 192.0.2.3/24"\n',
    '/usr/sbin/pkg': { text: 'x', mode: 0o755 },
    '/etc/pkg/FreeBSD.conf':
      'FreeBSD: {\n  url: "pkg+https://pkg.FreeBSD.org/${ABI}/quarterly",\n  signature_type: "fingerprints",\n  enabled: yes\n}\nlocal: {\n  url: "http://example.com/pkg",\n  signature_type: "none"\n}\n',
    '/usr/local/etc/cloud/cloud.cfg': 'disable_root: false\ndatasource_list: [Ec2]\n',
    '/boot/kernel/kernel': 'x',
    '/boot/loader.conf': 'autoboot_delay="-1"\n',
  },
  dirs: { '/tmp': 0o1777 },
}
