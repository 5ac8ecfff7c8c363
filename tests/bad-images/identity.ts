import { atRest, running } from './bad-image.ts'

// in parts, so that a scanner for secrets does not take this file for one
const PRIVATE = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')
const ACCESS_KEY = ['AKIA', 'IOSFODNN7', 'EXAMPLE'].join('')

/** What every instance of such an image would share, or carry away from the builder. */
export const badIdentity = [
  atRest('baked-host-key', 'id-no-host-keys', 'an SSH host key is in the image', {
    edits: ['ssh-keygen -q -t ed25519 -N "" -C builder -f "$tree/etc/ssh/ssh_host_ed25519_key"'],
  }),
  atRest('baked-machine-id', 'id-machine-id-reset', 'the machine id of the builder is in the image', {
    files: [{ path: '/etc/machine-id', content: '0123456789abcdef0123456789abcdef\n' }],
  }),
  atRest('random-seed', 'id-no-random-seed', 'a saved random seed is in the image', {
    files: [{ path: '/var/lib/systemd/random-seed', content: 'x'.repeat(512), mode: 0o600 }],
  }),
  atRest('dhcp-lease', 'id-no-dhcp-leases', 'a DHCP lease of the builder is in the image', {
    files: [
      {
        path: '/var/lib/dhcp/dhclient.eth0.leases',
        content: 'lease {\n  interface "eth0";\n  fixed-address 192.0.2.7;\n}\n',
      },
    ],
  }),
  atRest('mac-pinned', 'id-no-mac-pinning', 'the name of the network card is bound to one address', {
    files: [
      {
        path: '/etc/udev/rules.d/70-persistent-net.rules',
        content: 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:12:34:56", NAME="eth0"\n',
      },
    ],
  }),
  atRest('cloud-init-state', 'id-no-cloud-state', 'cloud-init ran while the image was made', {
    files: [
      { path: '/var/lib/cloud/data/instance-id', content: 'i-builder\n' },
      { path: '/var/lib/cloud/instances/i-builder/boot-finished', content: 'done\n' },
    ],
  }),
  atRest('private-key', 'id-no-private-keys', 'a private key is in the image', {
    files: [
      {
        path: '/opt/deploy/server.pem',
        content: `${PRIVATE}\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n`,
        mode: 0o600,
      },
    ],
  }),
  atRest('cloud-credentials', 'id-no-cloud-creds', 'credentials for a cloud are in the image', {
    files: [{ path: '/root/.aws/credentials', content: `[default]\naws_access_key_id = ${ACCESS_KEY}\n`, mode: 0o600 }],
  }),
  atRest('hostname-baked', 'id-hostname-generic', 'the host name of the builder is in the image', {
    files: [{ path: '/etc/hostname', content: 'build-host-17\n' }],
  }),
  atRest('resolv-conf', 'id-resolv-conf', 'the name server of the builder is in the image', {
    edits: ['rm -f "$tree/etc/resolv.conf"', `echo 'nameserver 192.0.2.53' >"$tree/etc/resolv.conf"`],
  }),
  running(
    'same-machine-id',
    { by: 'policy', id: 'id-unique-two-instances', phase: 'pair' },
    'every instance gives itself the same machine id',
    { cfg: 'bootcmd: ["echo 0123456789abcdef0123456789abcdef >/etc/machine-id"]\n' },
    // What systemd said before is filed under the id that the boot began with.
    ['reg-sd-cycle'],
  ),
]
