import type { Instance } from '../../../src/testing/index.ts'

export type Renderer = 'networkd' | 'network-manager' | 'eni' | 'sysconfig' | 'wicked' | 'other'

const SERVICES: Readonly<Record<string, Renderer>> = {
  'systemd-networkd.service': 'networkd',
  'NetworkManager.service': 'network-manager',
  'networking.service': 'eni',
  'wicked.service': 'wicked',
}

/** Network managers that are running now. */
export async function activeRenderers(instance: Instance): Promise<Renderer[]> {
  const names = Object.keys(SERVICES)
  const states =
    await instance.sh`for unit in ${names}; do echo "$unit $(systemctl is-active "$unit" 2>/dev/null)"; done; [ -d /run/systemd/system ] || ls /etc/runlevels/boot/networking 2>/dev/null; :`
  const active = names
    .filter((name) => states.split('\n').includes(`${name} active`))
    .map((name) => SERVICES[name] ?? 'other')
  return states.includes('/etc/runlevels/boot/networking') ? [...active, 'eni'] : active
}

/** Files in which cloud-init left network configuration, with the manager that reads them. Netplan hands on to the one it names. */
export async function configuredFiles(instance: Instance): Promise<{ path: string; renderer: Renderer }[]> {
  // Newer versions write no comment into the file, older ones have no telling name.
  const found = await instance.root
    .sh`for file in /etc/netplan/*.yaml /etc/network/interfaces /etc/network/interfaces.d/* /etc/systemd/network/*.network /etc/sysconfig/network-scripts/ifcfg-* /etc/NetworkManager/system-connections/* /etc/sysconfig/network/ifcfg-*; do
      [ -f "$file" ] || continue
      case $file in *cloud-init*) echo "$file" ;; *) grep -lsi cloud-init "$file" ;; esac
    done; :`
  const paths = found.split('\n').filter(Boolean)
  const netplan = paths.some((path) => path.startsWith('/etc/netplan/')) ? await netplanRenderer(instance) : 'other'
  return paths.map((path) => ({ path, renderer: path.startsWith('/etc/netplan/') ? netplan : rendererOf(path) }))
}

async function netplanRenderer(instance: Instance): Promise<Renderer> {
  const written = await instance.root
    .sh`ls /run/systemd/network/*netplan* /run/NetworkManager/system-connections/*netplan* 2>/dev/null; :`
  if (written.includes('/run/systemd/network/')) return 'networkd'
  return written.includes('/run/NetworkManager/') ? 'network-manager' : 'other'
}

function rendererOf(path: string): Renderer {
  if (path.startsWith('/etc/network/')) return 'eni'
  if (path.startsWith('/etc/systemd/network/')) return 'networkd'
  if (path.startsWith('/etc/NetworkManager/')) return 'network-manager'
  if (path.startsWith('/etc/sysconfig/network-scripts/')) return 'sysconfig'
  return 'wicked'
}
