import { ApiError, invalid } from './api-error.ts'
import { objectOf, textOf } from './call.ts'
import type { Call, Route } from './call.ts'
import { destroy } from './machines.ts'
import type { Outcome, Resource, World } from './world.ts'

const GROUPS = '/subscriptions/{subscription}/resourceGroups'
const GROUP = `${GROUPS}/{group}`

/** Resource groups, and lists over everything. */
export const groupRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: GROUP,
    operation: 'resourceGroups.put',
    act: ({ world, at, body }) => {
      const name = at['group'] ?? ''
      const isNew = !world.groups.has(name.toLowerCase())
      const group: Resource = {
        id: `/subscriptions/${world.subscription}/resourceGroups/${name}`,
        name,
        type: 'Microsoft.Resources/resourceGroups',
        location: textOf(body['location']),
        tags: objectOf(body['tags']) as Record<string, string>,
        properties: { provisioningState: 'Succeeded' },
      }
      world.groups.set(name.toLowerCase(), group)
      return { status: isNew ? 201 : 200, body: group }
    },
  },
  {
    method: 'GET',
    path: GROUP,
    operation: 'resourceGroups.get',
    act: ({ world, at }) => ({ status: 200, body: world.group(at['group'] ?? '') }),
  },
  {
    method: 'GET',
    path: GROUPS,
    operation: 'resourceGroups.list',
    act: (call) => page(call, [...call.world.groups.values()]),
  },
  {
    method: 'DELETE',
    path: GROUP,
    operation: 'resourceGroups.delete',
    act: ({ world, at }) => {
      const name = (at['group'] ?? '').toLowerCase()
      const group = world.group(name)
      group.properties['provisioningState'] = 'Deleting'
      return { status: 202, operation: world.begin({ work: Promise.resolve() }, async () => await empty(world, name)) }
    },
  },
  {
    method: 'GET',
    path: '/subscriptions/{subscription}/resources',
    operation: 'resources.list',
    act: (call) => page(call, listed(call.world)),
  },
  {
    method: 'GET',
    path: `${GROUP}/resources`,
    operation: 'resources.listByResourceGroup',
    act: (call) => {
      call.world.group(call.at['group'] ?? '')
      return page(call, listed(call.world, call.at['group']?.toLowerCase()))
    },
  },
]

/** With a group goes everything in it. */
async function empty(world: World, name: string): Promise<void> {
  const inside = [...world.entries.values()].filter(({ group }) => group === name)
  await Promise.all(inside.map(({ work }) => work))
  for (const machine of inside.filter(({ power }) => power !== undefined)) await destroy(world, machine)
  for (const { data, boots } of inside) {
    world.remove(data.id)
    if (boots !== undefined) await world.settings.backend.forget(boots)
  }
  world.groups.delete(name)
}

function listed(world: World, group?: string): Resource[] {
  return [...world.entries.values()]
    .filter((entry) => entry.listedAt <= Date.now() && (group === undefined || entry.group === group))
    .map(
      ({ data: { id, name, type, location, tags } }) =>
        ({ id, name, type, location, ...(tags ? { tags } : {}) }) as Resource,
    )
}

/** One page of a list: https://learn.microsoft.com/en-us/rest/api/resources/resources/list */
function page({ world, query, id }: Call, all: readonly Resource[]): Outcome {
  const wanted = filtered(all, query.get('$filter'))
  const begin = Number(query.get('$skiptoken') ?? 0)
  if (!Number.isInteger(begin)) throw invalid('The skip token is not valid.')
  const size = world.settings.pageSize ?? 50
  const next = new URLSearchParams(query)
  next.set('$skiptoken', String(begin + size))
  const more = begin + size < wanted.length ? { nextLink: `${world.endpoint}${id}?${next.toString()}` } : {}
  return { status: 200, body: { value: wanted.slice(begin, begin + size), ...more } }
}

/** @throws ApiError for a filter that is not understood: it must not be taken for a wider one */
function filtered(all: readonly Resource[], filter: string | null): Resource[] {
  if (filter === null || filter === '') return [...all]
  const [, name, value] = /^tagName eq '([^']+)'(?: and tagValue eq '((?:[^']|'')*)')?$/.exec(filter) ?? []
  if (name === undefined)
    throw new ApiError(400, 'InvalidFilterInQueryString', `Invalid $filter '${filter}' specified in the query string.`)
  const wanted = value?.replaceAll("''", "'")
  return all.filter(({ tags }) => tags?.[name] !== undefined && (wanted === undefined || tags[name] === wanted))
}
