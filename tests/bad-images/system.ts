import { atRest, running, UNIT_FAILED } from './bad-image.ts'

const enabled = (name: string, unit: string) => ({
  files: [{ path: `/etc/systemd/system/${name}`, content: unit }],
  edits: [
    'mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"',
    `ln -s ../${name} "$tree/etc/systemd/system/multi-user.target.wants/${name}"`,
  ],
})
const NETWORKING =
  '[Unit]\nDescription=Raise network interfaces\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'

/** Faults of boot, services, network, time and locale. */
export const badSystem = [
  atRest(
    'two-network-managers',
    'net-single-renderer',
    'two programs manage the network',
    enabled('networking.service', NETWORKING),
  ),
  atRest('static-address', 'net-dhcp-default', 'every instance gets the same address', {
    files: [
      {
        path: '/etc/netplan/10-static.yaml',
        mode: 0o600,
        content: 'network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [192.0.2.10/24]\n',
      },
    ],
  }),
  running(
    'no-localhost',
    { by: 'policy', id: 'net-hosts-localhost', phase: 'first-boot' },
    'localhost is not in the file of hosts',
    { files: [{ path: '/etc/hosts', content: '192.0.2.1 gateway\n' }] },
  ),
  atRest('swap', 'disk-no-swap', 'swap is configured', {
    files: [{ path: '/etc/fstab', content: '/swapfile none swap sw 0 0\n' }],
  }),
  atRest('time-zone', 'time-utc', 'the clock is not in UTC', {
    edits: [
      'ln -sf /usr/share/zoneinfo/Europe/Berlin "$tree/etc/localtime"',
      'echo Europe/Berlin >"$tree/etc/timezone"',
    ],
  }),
  atRest(
    'default-locale',
    'loc-default',
    'the default locale is not C.UTF-8',
    { files: [{ path: '/etc/default/locale', content: 'LANG=de_DE.UTF-8\n' }] },
    ['loc-default-available'],
  ),
  atRest('rescue', 'boot-default-target', 'the image boots into the rescue shell', {
    edits: ['ln -sf /usr/lib/systemd/system/rescue.target "$tree/etc/systemd/system/default.target"'],
  }),
  atRest('no-build-stamp', 'prov-build-stamp', 'nothing says when the image was made', {
    edits: ['rm -f "$tree/etc/cloud-release" "$tree/etc/cloud/build.info"'],
  }),
  atRest('remote-logging', 'sec-no-remote-logging', 'logs are sent to somebody', {
    files: [{ path: '/etc/rsyslog.d/90-remote.conf', content: '*.* @@logs.example.org:514\n' }],
  }),
  running(
    'open-port',
    { by: 'policy', id: 'net-listeners', phase: 'first-boot' },
    'a service listens to everybody',
    enabled(
      'bad-listener.service',
      '[Service]\nExecStart=/usr/bin/python3 -m http.server 8099 --bind 0.0.0.0 --directory /srv\n[Install]\nWantedBy=multi-user.target\n',
    ),
  ),
  running(
    'failing-unit',
    { by: 'regression', id: 'reg-svc-failed', phase: 'regression' },
    'a service fails at every boot',
    enabled('bad-failing.service', '[Service]\nType=oneshot\nExecStart=/bin/false\n'),
    UNIT_FAILED,
  ),
  running(
    'ordering-cycle',
    { by: 'regression', id: 'reg-sd-cycle', phase: 'regression' },
    'two units wait for each other',
    {
      files: [
        {
          path: '/etc/systemd/system/bad-one.service',
          content:
            '[Unit]\nAfter=bad-two.service\nRequires=bad-two.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
        },
        {
          path: '/etc/systemd/system/bad-two.service',
          content: '[Unit]\nAfter=bad-one.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
        },
      ],
      edits: [
        'mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"',
        'ln -s ../bad-one.service "$tree/etc/systemd/system/multi-user.target.wants/bad-one.service"',
      ],
    },
    ['log-sd-ordering-cycle'],
  ),
  running(
    'no-resolver',
    { by: 'policy', id: 'net-dns-configured', phase: 'first-boot' },
    'names cannot be resolved',
    {
      edits: [
        'rm -f "$tree"/etc/systemd/system/*.wants/systemd-resolved.service "$tree/etc/systemd/system/dbus-org.freedesktop.resolve1.service"',
        'ln -s /dev/null "$tree/etc/systemd/system/systemd-resolved.service"',
      ],
    },
    ['reg-net-dns', 'boot-no-masked-basics'],
  ),
  running(
    'slow-boot',
    { by: 'regression', id: 'reg-no-wait-timeout', phase: 'regression' },
    'the boot waits for something that never comes',
    enabled(
      'bad-waiting.service',
      '[Unit]\nDescription=Waits for nothing\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep 35\n',
    ),
  ),
  running('no-init', { by: 'boot', id: 'boot', phase: 'first-boot' }, 'the first process ends at once', {
    edits: ['rm -f "$tree/usr/sbin/init"', 'ln -s /bin/false "$tree/usr/sbin/init"'],
  }),
  atRest('seed-disk-blocked', 'boot-udf-vfat-allowed', 'the file systems of seed disks cannot be loaded', {
    files: [{ path: '/etc/modprobe.d/hardening.conf', content: 'install vfat /bin/true\nblacklist udf\n' }],
  }),
]
