import type { Cloud, CloudName, DmiKey } from '../../../imds/cloud.ts'
import type { InstanceDocument } from '../../../imds/document.ts'

/** Where the script lies in the guest; LXC runs it before the guest's init. */
export const SCRIPT_PATH = '/usr/local/sbin/harness-cloud-identity'

/** Folder in the guest with what its firmware should say, a file per key. A test may change them between boots. */
export const DMI_FOLDER = '/usr/local/lib/harness-cloud-identity/dmi'

const HOME_FOLDER = '/usr/local/lib/harness-cloud-identity'
const DISC_FOLDER = `${HOME_FOLDER}/disc`

const MOST_CARDS = 4

/** Datasources of a usual cloud image. Those of LXD itself would win over every cloud. */
const DATASOURCES = [
  'NoCloud',
  'ConfigDrive',
  'OpenStack',
  'GCE',
  'Azure',
  'Ec2',
  'Oracle',
  'Hetzner',
  'DigitalOcean',
  'Vultr',
  'None',
]

/** Settings without which a datasource does not work in a container. */
const AGENT_CONFIG: Partial<Record<CloudName, string>> = {
  // It takes an address for the crawl on a card with hardware behind it, and a veth has none.
  digitalocean: 'datasource: { DigitalOcean: { use_ip4LL: false } }\n',
}

/** Clouds whose datasource looks for a route to the service, which there comes with the lease, before it asks. */
const ROUTED: ReadonlySet<CloudName> = new Set(['vultr'])

/** What is done inside the guest because a container has no firmware of its own. Told in reports. */
export const OVERRIDES: readonly string[] = [
  'dmidecode and systemd-detect-virt answer for ds-identify as they would on the cloud',
  'cloudinit.dmi reads DMI data though this is a container',
  'datasource_list names the usual clouds and not LXD',
  'networkd matches cards by name, because a veth has no permanent address',
  'the addresses of the metadata service are on the loopback interface',
  'DigitalOcean: use_ip4LL is off',
  'Vultr: a route to the metadata service, which does not come with the lease',
  'Azure: mount shows the provisioning disc in place of /dev/sr0, and eject is content',
]

/**
 * A script that gives the guest the identity of a cloud, at every start. It writes into the guest's root file system only.
 * @param launch tells this launch from an earlier one whose files a copy has inherited
 */
export function guestScript(cloud: Cloud, document: InstanceDocument, launch: string): string {
  const addresses = cloud.endpoints.map(({ address }) => `ip address add ${address}/32 dev lo scope host`)
  const routes = ROUTED.has(cloud.name) ? cloud.endpoints.map(({ address }) => `ip route add ${address}/32 dev lo`) : []
  const hosts = cloud.hostNames?.length
    ? [
        `grep -q ' ${cloud.hostNames[0]}' /etc/hosts || echo '169.254.169.254 ${cloud.hostNames.join(' ')}' >> /etc/hosts`,
      ]
    : []
  return [
    '#!/bin/sh',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `mkdir -p ${HOME_FOLDER}`,
    `exec > ${HOME_FOLDER}/log 2>&1`,
    'ip link set lo up',
    ...addresses,
    ...routes,
    'rm -rf /var/lib/cloud/seed/nocloud /var/lib/cloud/seed/nocloud-net',
    ...hosts,
    ...firmware(cloud.dmi(document), launch),
    file('/usr/local/sbin/dmidecode', DMIDECODE, '755'),
    file('/usr/local/sbin/systemd-detect-virt', DETECT_VIRT, '755'),
    ...drive(cloud, document),
    file('/usr/libexec/ds-identify-env', 'DI_VIRT=kvm\nDI_LOG=/run/cloud-init/ds-identify.log'),
    file('/etc/cloud/cloud.cfg.d/95-harness-cloud-identity.cfg', agentConfig(cloud)),
    // One for cards that are added later too.
    ...Array.from({ length: MOST_CARDS }, (_, index) =>
      file(
        `/etc/systemd/network/10-netplan-eth${index}.network.d/harness.conf`,
        `[Match]\nPermanentMACAddress=\nName=eth${index}\n`,
      ),
    ),
    'for folder in /usr/lib/python3*/dist-packages /usr/lib/python3*/site-packages; do',
    '[ -d "$folder/cloudinit" ] || continue',
    file('"$folder"/harness_cloud_identity.py', DMI_HOOK),
    'echo "import harness_cloud_identity" > "$folder/harness_cloud_identity.pth"',
    'done',
    'exit 0',
    '',
  ].join('\n')
}

/** The values, and where the kernel shows firmware tables also a copy in their place. */
function firmware(dmi: Partial<Record<DmiKey, string>>, launch: string): string[] {
  const values = Object.entries(dmi).map(([key, value]) => `printf '%s\\n' ${quote(value)} > ${DMI_FOLDER}/${key}`)
  return [
    `if [ "$(cat ${DMI_FOLDER}.launch 2>/dev/null)" != ${quote(launch)} ]; then`,
    `rm -rf ${DMI_FOLDER}; mkdir -p ${DMI_FOLDER}`,
    ...values,
    `echo ${quote(launch)} > ${DMI_FOLDER}.launch`,
    'fi',
    `if [ -d /sys/class/dmi/id ]; then mount -t tmpfs -o mode=755 none /sys/class/dmi/id && cp ${DMI_FOLDER}/* /sys/class/dmi/id/; fi`,
  ]
}

/** A container has no CD drive: who mounts it gets a folder with what is on the disc. */
function drive(cloud: Cloud, document: InstanceDocument): string[] {
  const files = cloud.disc?.(document).files ?? []
  if (files.length === 0) return []
  return [
    ...files.map(({ name, content }) => file(`${DISC_FOLDER}/${name}`, content, '600')),
    file('/usr/local/bin/mount', MOUNT, '755'),
    file('/usr/local/bin/eject', '#!/bin/sh\nexit 0\n', '755'),
  ]
}

function agentConfig(cloud: Cloud): string {
  return `datasource_list: [ ${DATASOURCES.join(', ')} ]\n${AGENT_CONFIG[cloud.name] ?? ''}`
}

const DMIDECODE = `#!/bin/sh
for word; do key=\${word#--string=}; done
case $key in
  system-manufacturer) file=sys_vendor ;;
  system-product-name) file=product_name ;;
  system-serial-number) file=product_serial ;;
  system-uuid) file=product_uuid ;;
  chassis-asset-tag) file=chassis_asset_tag ;;
  *) exit 0 ;;
esac
[ -f ${DMI_FOLDER}/$file ] && cat ${DMI_FOLDER}/$file
exit 0
`

// ds-identify never looks at firmware in a container; nobody else is told another story. Newer versions read a file instead.
const DETECT_VIRT = `#!/bin/sh
if tr '\\0' ' ' < /proc/$PPID/cmdline | grep -q ds-identify; then
  echo kvm
  exit 0
fi
exec /usr/bin/systemd-detect-virt "$@"
`

const MOUNT = `#!/bin/sh
for word; do
  [ "$word" = /dev/sr0 ] && disc=yes
  last=$word
done
[ "$disc" = yes ] && exec /usr/bin/mount --bind ${DISC_FOLDER} "$last"
exec /usr/bin/mount "$@"
`

const DMI_HOOK = `import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "cloudinit.dmi":
            return None
        sys.meta_path.remove(Finder)
        from importlib.util import find_spec

        spec = find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            module.is_container = lambda: False

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder)
`

/** Shell that writes a file, without a temporary one. */
function file(path: string, content: string, mode?: string): string {
  const lines = [`mkdir -p "$(dirname ${path})"`, `cat > ${path} <<'HARNESS_END'\n${content.trimEnd()}\nHARNESS_END`]
  return [...lines, ...(mode === undefined ? [] : [`chmod ${mode} ${path}`])].join('\n')
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
