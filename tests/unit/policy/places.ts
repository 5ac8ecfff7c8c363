import type { Facts } from '../../../src/instance/facts/facts.ts'
import { recordedFacts, type Recording } from '../facts/recorded.ts'
import type { Place } from './judge.ts'

const file = (path: string, bytes = 4096) => ({ path, type: 'f', mode: '644', owner: 'root', group: 'root', bytes })

/** A recording of a container made into that of a good virtual machine: what only a machine with its own kernel has is added. */
export function asMachine(name: Recording, platform: 'qemu' | 'azure' = 'qemu'): Facts {
  const facts = recordedFacts(name)
  const azure = platform === 'azure'
  const root = 'root=UUID=0a1b2c3d-0000-4000-8000-0123456789ab'
  const kernel = azure ? [root, 'rootdelay=300', 'console=ttyS0', 'earlyprintk=ttyS0'] : [root, 'console=ttyS0,115200']
  facts.loader = { settings: { GRUB_TIMEOUT: '0' }, arguments: kernel }
  facts.bootFiles = ['/boot/vmlinuz-6.12.0-amd64', '/boot/initrd.img-6.12.0-amd64', '/boot/grub/grub.cfg'].map((path) =>
    file(path),
  )
  facts.fstab = [
    {
      source: 'UUID=0a1b2c3d-0000-4000-8000-0123456789ab',
      target: '/',
      type: 'ext4',
      options: ['defaults'],
      dump: '0',
      pass: '1',
    },
  ]
  facts.modulesBlocked = ['pcspkr', 'floppy'].map((module) => ({
    file: '/etc/modprobe.d/cloud.conf',
    module,
    how: 'blacklist' as const,
  }))
  facts.time = { ...facts.time, daemons: ['chronyd'], enabled: ['chrony'] }
  facts.platformAgents = azure ? [{ name: 'walinuxagent', enabled: true }] : []
  facts.waagentConf = azure
    ? { 'Provisioning.Agent': 'cloud-init', 'ResourceDisk.Format': 'n', 'ResourceDisk.EnableSwap': 'n' }
    : {}
  facts.cloudInit.datasourceList = azure ? ['Azure'] : ['NoCloud', 'ConfigDrive', 'None']
  if (facts.phase === 'rest') return facts
  facts.system = { ...facts.system, virtualization: 'kvm', container: false }
  facts.cmdline = kernel.join(' ')
  facts.swaps = []
  facts.mandatoryAccess = { kind: 'apparmor', mode: 'enabled' }
  facts.sshd.options['clientaliveinterval'] = '120'
  facts.sysctls = {
    ...facts.sysctls,
    'kernel.randomize_va_space': '2',
    'fs.protected_symlinks': '1',
    'fs.protected_hardlinks': '1',
    'net.ipv4.ip_forward': '0',
    'net.ipv4.tcp_syncookies': '1',
    'net.ipv4.icmp_echo_ignore_broadcasts': '1',
    'net.ipv4.icmp_ignore_bogus_error_responses': '1',
    'net.ipv4.conf.all.accept_source_route': '0',
  }
  return facts
}

export const QEMU: Place = { platform: 'qemu', boot: 'uefi' }
export const AZURE: Place = { platform: 'azure', boot: 'uefi' }
