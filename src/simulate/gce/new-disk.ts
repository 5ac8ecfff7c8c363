import { ApiError } from './api-error.ts'
import { diskKey } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'
import { textOf } from './text-of.ts'

/** Puts a disk into a zone. @throws ApiError for a name that is taken */
export function createDisk(project: Project, owner: string, zone: string, wanted: Record<string, unknown>): Resource {
  const { diskSizeGb, sourceImage, description, labels } = wanted
  const name = textOf(wanted['name'])
  const key = diskKey(zone, name)
  const path = `projects/${owner}/zones/${zone}/disks/${name}`
  if (project.disks.has(key)) throw new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`)
  const image = project.findImage(sourceImage)
  const disk: Resource = {
    ...(description === undefined ? {} : { description }),
    ...(labels === undefined ? {} : { labels }),
    kind: 'compute#disk',
    id: project.id(),
    name,
    status: 'READY',
    creationTimestamp: new Date().toISOString(),
    selfLink: project.link(path),
    zone: project.link(`projects/${owner}/zones/${zone}`),
    sizeGb: textOf(wanted['sizeGb'] ?? diskSizeGb ?? image?.['diskSizeGb'] ?? 10),
    type: textOf(wanted['diskType'] ?? 'pd-standard'),
    ...(image ? { sourceImage: image.selfLink } : {}),
  }
  project.disks.set(key, disk)
  return disk
}
