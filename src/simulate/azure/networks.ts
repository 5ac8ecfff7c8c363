import { ApiError } from './api-error.ts'
import { inGroup, listOf, objectOf, textOf } from './call.ts'
import type { Call, Route } from './call.ts'
import type { Json, Outcome } from './world.ts'

const KINDS = ['virtualNetworks', 'networkSecurityGroups', 'networkInterfaces', 'publicIPAddresses'] as const

const IN_USE = 'InUseNetworkResourceCannotBeDeleted'

/** Networks, and what is plugged into them. */
export const networkRoutes: readonly Route[] = KINDS.flatMap((kind): Route[] => {
  const path = inGroup(`Microsoft.Network/${kind}`)
  return [
    { method: 'PUT', path, operation: `${kind}.put`, act: put },
    {
      method: 'GET',
      path,
      operation: `${kind}.get`,
      act: ({ world, id }) => ({ status: 200, body: world.find(id).data }),
    },
    { method: 'DELETE', path, operation: `${kind}.delete`, act: remove },
  ]
})

function put({ world, id, at, body }: Call): Outcome {
  const properties = objectOf(body['properties'])
  const tags = objectOf(body['tags']) as Record<string, string>
  const { entry, isNew } = world.put(
    id,
    at['group'] ?? '',
    { location: textOf(body['location']), tags },
    { ...withIds(id, properties), provisioningState: 'Updating' },
  )
  const operation = world.begin(entry, async () => void (entry.data.properties['provisioningState'] = 'Succeeded'))
  return { status: isNew ? 201 : 200, body: structuredClone(entry.data), operation }
}

/** Parts of a network have ids of their own. */
function withIds(id: string, properties: Json): Json {
  const named = (kind: string) =>
    properties[kind] === undefined
      ? {}
      : { [kind]: listOf(properties[kind]).map((one) => ({ ...one, id: `${id}/${kind}/${textOf(one['name'])}` })) }
  return { ...properties, ...named('subnets'), ...named('securityRules') }
}

function remove({ world, id }: Call): Outcome {
  const entry = world.entries.get(id.toLowerCase())
  if (!entry) return { status: 204 }
  const text = id.toLowerCase()
  const user = [...world.entries.values()].find(
    (other) => other !== entry && JSON.stringify(other.data.properties).toLowerCase().includes(text),
  )
  if (user)
    throw new ApiError(
      400,
      /networkInterfaces/i.test(id) ? 'NicInUse' : IN_USE,
      `${entry.data.name} is in use by ${user.data.id}.`,
    )
  return { status: 202, operation: world.begin(entry, async () => world.remove(id)) }
}
