import type { Model } from '../src/matrix/cover/model.ts'

function model(axes: Readonly<Record<string, readonly string[]>>, forbidden: readonly [string, Where][]): Model {
  const names = Object.keys(axes)
  return {
    axes: Object.entries(axes).map(([name, values]) => ({ name, values })),
    forbidden: forbidden.map(([reason, where]) => ({
      reason,
      where: Object.entries(where).map(([name, values]) => ({
        axis: names.indexOf(name),
        values: values.map((value) => axes[name]?.indexOf(value) ?? -1),
      })),
    })),
  }
}

type Where = Readonly<Record<string, readonly string[]>>

/** A matrix of clouds: 38,016 combinations, 20,152 of them possible, with 491 pairs and 3,666 triples. The shortest plans known have 62 and 276 rows. */
export const eightAxes: Model = model(
  {
    cloud: ['ec2', 'azure', 'gce', 'oci', 'openstack', 'lxd'],
    distro: [
      'alpine',
      'freebsd',
      'debian-12',
      'debian-13',
      'debian-sid',
      'ubuntu-22',
      'ubuntu-24',
      'ubuntu-26',
      'fedora',
      'rocky',
      'suse',
    ],
    arch: ['amd64', 'arm64'],
    boot: ['bios', 'uefi', 'secure-boot'],
    size: ['small', 'medium', 'large', 'metal'],
    disk: ['one', 'two'],
    nic: ['one', 'two', 'ipv6-only'],
    'user-data': ['none', 'script', 'config', 'multipart'],
  },
  [
    ['arm64 has no BIOS', { arch: ['arm64'], boot: ['bios'] }],
    ['nobody publishes alpine there', { distro: ['alpine'], cloud: ['oci', 'openstack'] }],
    ['nobody publishes freebsd there', { distro: ['freebsd'], cloud: ['azure', 'oci'] }],
    ['no metal there', { size: ['metal'], cloud: ['azure', 'oci', 'openstack'] }],
    ['no second disk there', { cloud: ['gce'], disk: ['two'] }],
    ['freebsd gets nothing but IPv6', { distro: ['freebsd'], nic: ['one', 'two'] }],
    ['only BIOS or a signed loader', { distro: ['alpine', 'debian-13', 'ubuntu-22'], boot: ['uefi'] }],
  ],
)

/** Ten axes of four values: 1,048,576 combinations, with constraints across two and three axes. */
export const tenAxes: Model = model(
  Object.fromEntries(Array.from({ length: 10 }, (_, axis) => [`axis${axis}`, ['a', 'b', 'c', 'd']])),
  [
    ['pair', { axis0: ['a'], axis1: ['b', 'c'] }],
    ['pair', { axis2: ['d'], axis7: ['a'] }],
    ['triple', { axis3: ['a'], axis4: ['b'], axis5: ['c', 'd'] }],
    ['triple', { axis6: ['a', 'b'], axis8: ['c'], axis9: ['d'] }],
    ['chain', { axis1: ['d'], axis4: ['d'], axis9: ['a'] }],
  ],
)
