import type { Image } from '@aws-sdk/client-ec2'
import type { SimulatedImage, World } from './world.ts'
import { ACCOUNT } from './world.ts'

interface Line {
  /** What the back end boots. */
  boots: string
  owner: string
  name: (architecture: 'amd64' | 'arm64', serial: string) => string
  serials: readonly string[]
  /** Parameter of Systems Manager that names the newest. */
  parameter?: (architecture: 'amd64' | 'arm64') => string
  bootMode?: 'uefi-preferred' | 'uefi' | 'legacy-bios'
}

/** Images as their publishers name them; older and newer ones, so that the newest has to be chosen. */
const LINES: readonly Line[] = [
  ...['12', '13'].flatMap((release): Line[] => [
    {
      boots: `debian-${release}`,
      owner: '136693071363',
      name: (architecture, serial) => `debian-${release}-${architecture}-${serial}`,
      serials: ['20260412-2121', '20260614-2142', '20260801-2190'],
      parameter: (architecture) => `/aws/service/debian/release/${release}/latest/${architecture}`,
      bootMode: 'uefi-preferred',
    },
    {
      boots: `debian-${release}`,
      owner: '903794441882',
      name: (architecture, serial) => `debian-${release}-${architecture}-daily-${serial}`,
      serials: ['20261120-2301', '20261121-2302'],
      bootMode: 'uefi-preferred',
    },
  ]),
  {
    boots: 'debian-sid',
    owner: '903794441882',
    name: (architecture, serial) => `debian-sid-${architecture}-daily-${serial}`,
    serials: ['20261121-2302'],
    bootMode: 'uefi-preferred',
  },
]

/** Puts the images into a region that its publishers have there, and those the settings name. */
export function stockImages(world: World): void {
  const { images } = world.settings
  for (const line of LINES)
    for (const architecture of ['amd64', 'arm64'] as const)
      for (const serial of line.serials) {
        const day = serial.slice(0, 8)
        add(world, images[line.boots] ?? line.boots, {
          Name: line.name(architecture, serial),
          OwnerId: line.owner,
          Architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
          CreationDate: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T10:00:00.000Z`,
          BootMode: architecture === 'arm64' ? 'uefi' : (line.bootMode ?? 'legacy-bios'),
        })
      }
  for (const [name, boots] of Object.entries(images))
    if (name.startsWith('ami-')) add(world, boots, { ImageId: name, Name: boots, OwnerId: ACCOUNT })
}

function add(world: World, boots: string, about: Partial<Image>): SimulatedImage {
  const ImageId = about.ImageId ?? world.id('ami')
  return world.images.add(
    ImageId,
    {
      boots,
      own: false,
      data: {
        Architecture: 'x86_64',
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { SnapshotId: world.id('snap'), VolumeSize: 8, DeleteOnTermination: true } },
        ],
        CreationDate: '2026-08-01T10:00:00.000Z',
        Description: boots,
        EnaSupport: true,
        Hypervisor: 'xen',
        ImageType: 'machine',
        Public: about.OwnerId !== ACCOUNT,
        RootDeviceName: '/dev/xvda',
        RootDeviceType: 'ebs',
        State: 'available',
        Tags: [],
        VirtualizationType: 'hvm',
        ...about,
        ImageId,
      },
    },
    0,
  )
}

/** The newest image that a parameter of Systems Manager stands for, or undefined. */
export function byParameter(world: World, parameter: string): SimulatedImage | undefined {
  for (const line of LINES)
    for (const architecture of ['amd64', 'arm64'] as const) {
      if (line.parameter?.(architecture) !== parameter) continue
      const newest = line.name(architecture, [...line.serials].sort().at(-1) ?? '')
      return world.images.all().find(({ data }) => data.Name === newest)
    }
  return undefined
}
