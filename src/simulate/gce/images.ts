import { ApiError, notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { page } from './pages.ts'
import { diskKey, disksOf, imagePath, last } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'
import { textOf } from './text-of.ts'

export const imageHandlers: Handlers = {
  'images.get': ({ project, parameters }) => {
    const path = `projects/${parameters['project']}/global/images/${parameters['image']}`
    const image = project.images.get(path)
    if (!image) throw notFound(path)
    return image
  },

  'images.getFromFamily': ({ project, parameters }) => {
    const image = project.newest(parameters['project'] ?? '', parameters['family'] ?? '')
    if (!image) throw notFound(`projects/${parameters['project']}/global/images/family/${parameters['family']}`)
    return image
  },

  'images.list': ({ project, parameters }) => {
    const prefix = `projects/${parameters['project']}/`
    return page(
      project,
      parameters,
      [...project.images].filter(([path]) => path.startsWith(prefix)).map(([, image]) => image),
      'image',
    )
  },

  'images.insert': ({ project, parameters, body }) => {
    const owner = parameters['project'] ?? ''
    const path = `projects/${owner}/global/images/${textOf(body['name'])}`
    const of = { project: owner, type: 'insert', target: project.link(path), requestId: parameters['requestId'] }
    const known = project.replayed(of)
    if (known) return known
    if (project.images.has(path)) throw new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`)
    const source =
      body['sourceDisk'] === undefined
        ? undefined
        : sourceDisk(project, textOf(body['sourceDisk']), parameters['forceCreate'] === 'true')
    const raw = (body['rawDisk'] as { source?: string } | undefined)?.source
    if (!source && raw === undefined) throw new ApiError(400, 'required', 'One of sourceDisk, rawDisk must be given.')
    const object =
      raw === undefined ? undefined : project.objects.get(raw.replace('https://storage.googleapis.com/', ''))
    if (raw !== undefined && object === undefined)
      throw new ApiError(400, 'invalid', `The source '${raw}' was not found in Cloud Storage.`)
    const image: Resource = {
      ...body,
      kind: 'compute#image',
      id: project.id(),
      name: textOf(body['name']),
      status: 'PENDING',
      creationTimestamp: new Date().toISOString(),
      selfLink: project.link(path),
      diskSizeGb: source?.sizeGb ?? '10',
    }
    project.images.set(path, image)
    return project.operate(of, async () => {
      try {
        project.boots.set(
          path,
          source
            ? await project.settings.backend.capture(source.machine)
            : await project.settings.backend.importDisk(object ?? ''),
        )
        image['status'] = 'READY'
        if (source?.image) Object.assign(image, inherited(source.image))
      } catch (error) {
        project.images.delete(path)
        throw error
      }
    })
  },

  'images.delete': ({ project, parameters }) => {
    const path = `projects/${parameters['project']}/global/images/${parameters['image']}`
    if (!project.images.has(path)) throw notFound(path)
    const of = {
      project: parameters['project'] ?? '',
      type: 'delete',
      target: project.link(path),
      requestId: parameters['requestId'],
    }
    return project.operate(of, async () => {
      const made = project.boots.get(path)
      project.images.delete(path)
      project.boots.delete(path)
      if (made !== undefined) await project.settings.backend.forget(made)
    })
  },
}

/** What an image has from the image that its disk was made from. */
function inherited({ architecture, guestOsFeatures, licenses }: Resource): object {
  return {
    ...(architecture ? { architecture } : {}),
    ...(guestOsFeatures ? { guestOsFeatures } : {}),
    ...(licenses ? { licenses } : {}),
  }
}

function sourceDisk(project: Project, link: string, forced: boolean) {
  const [, zone = '', name = ''] = /zones\/([^/]+)\/disks\/([^/]+)$/.exec(link) ?? []
  const disk = project.disks.get(diskKey(zone, name))
  const machine = [...project.machines.values()].find(
    (one) => one.zone === zone && disksOf(one.data).some(({ source }) => last(source) === name),
  )
  if (!disk || !machine) throw notFound(link)
  if (machine.data['status'] === 'RUNNING' && !forced)
    throw new ApiError(
      400,
      'resourceInUseByAnotherResource',
      `The disk resource '${disk.selfLink}' is already being used by '${machine.data.selfLink}'`,
    )
  return {
    machine: textOf(machine.data.id),
    sizeGb: textOf(disk['sizeGb']),
    image: project.images.get(imagePath(textOf(disk['sourceImage'] ?? ''))),
  }
}
