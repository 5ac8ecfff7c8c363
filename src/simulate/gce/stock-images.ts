import type { Project } from './project.ts'

/** Families that Google's own pages list, by project: https://cloud.google.com/compute/docs/images/os-details */
const FAMILIES: readonly (readonly [project: string, family: string, name: string])[] = [
  ['debian-cloud', 'debian-12', 'debian-12'],
  ['debian-cloud', 'debian-12-arm64', 'debian-12'],
  ['debian-cloud', 'debian-13', 'debian-13'],
  ['debian-cloud', 'debian-13-arm64', 'debian-13'],
  ['ubuntu-os-cloud', 'ubuntu-2204-lts', 'ubuntu-22.04'],
  ['ubuntu-os-cloud', 'ubuntu-2404-lts-amd64', 'ubuntu-24.04'],
  ['ubuntu-os-cloud', 'ubuntu-2404-lts-arm64', 'ubuntu-24.04'],
  ['rocky-linux-cloud', 'rocky-linux-9', 'rocky-9'],
  ['almalinux-cloud', 'almalinux-9', 'almalinux-9'],
  ['centos-cloud', 'centos-stream-9', 'centos-9'],
  ['rhel-cloud', 'rhel-9', 'rhel-9'],
]

/** Images that exist from the begin. Names of `--image` are releases, such as `debian-13`, or paths of images. */
export function stockImages(project: Project): void {
  const { images } = project.settings
  const first = Object.values(images)[0] ?? 'debian-13'
  for (const [owner, family, release] of FAMILIES)
    add(project, `projects/${owner}/global/images/${family}-v20261110`, family, images[release] ?? first)
  for (const [path, boots] of Object.entries(images))
    if (path.startsWith('projects/')) add(project, path, undefined, boots)
}

function add(project: Project, path: string, family: string | undefined, boots: string): void {
  const arm = family?.endsWith('arm64') ?? false
  project.images.set(path, {
    kind: 'compute#image',
    id: project.id(),
    name: path.split('/').at(-1) ?? '',
    status: 'READY',
    sourceType: 'RAW',
    diskSizeGb: '10',
    archiveSizeBytes: '1000000000',
    creationTimestamp: '2026-11-10T00:00:00.000-08:00',
    architecture: arm ? 'ARM64' : 'X86_64',
    guestOsFeatures: ['UEFI_COMPATIBLE', 'VIRTIO_SCSI_MULTIQUEUE', 'GVNIC'].map((type) => ({ type })),
    selfLink: project.link(path),
    ...(family === undefined ? {} : { family }),
  })
  project.boots.set(path, boots)
}
