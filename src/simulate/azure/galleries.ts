import { ApiError, invalid } from './api-error.ts'
import { listOf, objectOf, textOf } from './call.ts'
import type { Call, Route } from './call.ts'
import type { Entry, Json, Outcome, World } from './world.ts'

const GALLERY = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/galleries/{gallery}'
const IMAGE = `${GALLERY}/images/{image}`
const VERSION = `${IMAGE}/versions/{version}`

/** Galleries, images in them, and their versions. What holds something cannot be deleted. */
export const galleryRoutes: readonly Route[] = [
  ...kind('galleries', GALLERY, /^[A-Za-z0-9](?:[A-Za-z0-9_.]{0,78}[A-Za-z0-9])?$/, async () => {}),
  ...kind(
    'galleryImages',
    IMAGE,
    /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9])?$/,
    async (_world, _entry, properties) => {
      const { publisher, offer, sku } = objectOf(properties['identifier'])
      if (![publisher, offer, sku].every((part) => textOf(part) !== ''))
        throw invalid('identifier must have publisher, offer and sku.')
      for (const [name, words] of Object.entries(WORDS))
        if (!words.includes(textOf(properties[name]))) throw invalid(`${name} must be one of ${words.join(', ')}.`)
    },
  ),
  ...kind('galleryImageVersions', VERSION, /^\d+\.\d+\.\d+$/, publish),
  { method: 'GET', path: `${GALLERY}/images`, operation: 'galleryImages.listByGallery', act: inside },
  { method: 'GET', path: `${IMAGE}/versions`, operation: 'galleryImageVersions.listByGalleryImage', act: inside },
]

const WORDS: Readonly<Record<string, readonly string[]>> = {
  osType: ['Linux', 'Windows'],
  osState: ['Generalized', 'Specialized'],
  hyperVGeneration: ['V1', 'V2'],
  architecture: ['x64', 'Arm64'],
}

/** A version takes over what its source boots; a managed image is for x64 only. */
async function publish(world: World, entry: Entry, properties: Json): Promise<void> {
  const image = world.find(parentOf(entry.data.id))
  const storage = objectOf(properties['storageProfile'])
  const managed = textOf(objectOf(storage['source'])['id'])
  const disk = textOf(objectOf(objectOf(storage['osDiskImage'])['source'])['id'])
  if ((managed === '') === (disk === '')) throw invalid('storageProfile must have one source.')
  const regions = listOf(objectOf(properties['publishingProfile'])['targetRegions']).map(({ name }) => textOf(name))
  if (!regions.includes(entry.data.location)) throw invalid('targetRegions must have the location of the version.')
  const source = world.find(managed || disk)
  const isArm = image.data.properties['architecture'] === 'Arm64'
  if (managed !== '' && isArm) throw invalid('A managed image cannot be the source of an Arm64 image.')
  const file = [...world.uploads.values()].find(({ disk: of }) => of === source.data.id.toLowerCase())?.file
  entry.boots = source.boots ?? (await world.settings.backend.importDisk(file ?? ''))
}

function kind(
  word: string,
  path: string,
  names: RegExp,
  make: (world: World, entry: Entry, properties: Json) => Promise<void>,
): Route[] {
  return [
    {
      method: 'PUT',
      path,
      operation: `${word}.put`,
      act: ({ world, id, at, body }) => {
        const name = id.split('/').at(-1) ?? ''
        if (!names.test(name)) throw invalid(`The entity name '${name}' is invalid.`)
        if (word !== 'galleries') world.find(parentOf(id))
        const properties = objectOf(body['properties'])
        const { entry, isNew } = world.put(
          id,
          at['group'] ?? '',
          { location: textOf(body['location']), tags: objectOf(body['tags']) as Record<string, string> },
          { ...properties, provisioningState: isNewState(world, id) },
        )
        entry.data.type = typeOf(id)
        entry.data.name = name
        const operation = world.begin(entry, async () => {
          try {
            if (isNew) await make(world, entry, properties)
            entry.data.properties['provisioningState'] = 'Succeeded'
          } catch (error) {
            world.remove(id)
            throw error
          }
        })
        return { status: isNew ? 201 : 200, body: structuredClone(entry.data), operation }
      },
    },
    {
      method: 'GET',
      path,
      operation: `${word}.get`,
      act: ({ world, id }) => ({ status: 200, body: world.find(id).data }),
    },
    { method: 'DELETE', path, operation: `${word}.delete`, act: remove },
  ]
}

function remove({ world, id }: Call): Outcome {
  const entry = world.entries.get(id.toLowerCase())
  if (!entry) return { status: 204 }
  if ([...world.entries.keys()].some((other) => other.startsWith(`${id.toLowerCase()}/`)))
    throw new ApiError(
      409,
      'CannotDeleteResource',
      `Can not delete resource before nested resources are deleted: ${id}`,
    )
  const operation = world.begin(entry, async () => {
    world.remove(id)
    const { boots } = entry
    const isUsed = [...world.entries.values()].some((other) => boots !== undefined && other.boots === boots)
    if (boots !== undefined && !isUsed) await world.settings.backend.forget(boots)
  })
  return { status: 202, operation }
}

/** What is directly in a gallery or in an image of one. */
function inside({ world, id }: Call): Outcome {
  world.find(parentOf(`${id}/x`))
  const prefix = `${id.toLowerCase()}/`
  const found = [...world.entries].filter(([key]) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/'))
  return { status: 200, body: { value: found.map(([, { data }]) => data) } }
}

function isNewState(world: World, id: string): string {
  return world.entries.has(id.toLowerCase()) ? 'Updating' : 'Creating'
}

/** `.../galleries/G/images/I` of a version, `.../galleries/G` of an image. */
function parentOf(id: string): string {
  return id.split('/').slice(0, -2).join('/')
}

/** `Microsoft.Compute/galleries/images/versions` */
function typeOf(id: string): string {
  const [, ...parts] = (id.split(/\/providers\//i)[1] ?? '').split('/')
  return ['Microsoft.Compute', ...parts.filter((_, index) => index % 2 === 0)].join('/')
}
