import { ApiError, notFound } from './api-error.ts'
import type { Handlers } from './call.ts'
import { page } from './pages.ts'
import { cardsOf, last } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'
import { textOf } from './text-of.ts'

type Kind = 'networks' | 'firewalls'

export const networkHandlers: Handlers = {
  ...handlersOf('networks', 'network'),
  ...handlersOf('firewalls', 'firewall'),
}

function handlersOf(kind: Kind, word: 'network' | 'firewall'): Handlers {
  const pathOf = (owner: string | undefined, name: string) => `projects/${owner}/global/${kind}/${name}`
  return {
    [`${kind}.get`]: ({ project, parameters }) => {
      const found = project[kind].get(parameters[word] ?? '')
      if (!found) throw notFound(pathOf(parameters['project'], parameters[word] ?? ''))
      return found
    },
    [`${kind}.list`]: ({ project, parameters }) => page(project, parameters, [...project[kind].values()], word),
    [`${kind}.insert`]: ({ project, parameters, body }) => {
      const name = textOf(body['name'])
      const path = pathOf(parameters['project'], name)
      const of = {
        project: parameters['project'] ?? '',
        type: 'insert',
        target: project.link(path),
        requestId: parameters['requestId'],
      }
      const known = project.replayed(of)
      if (known) return known
      if (project[kind].has(name)) throw new ApiError(409, 'alreadyExists', `The resource '${path}' already exists`)
      if (kind === 'firewalls' && !project.networks.has(last(body['network']))) throw notFound(textOf(body['network']))
      project[kind].set(name, newResource(project, body, name, path, word))
      return project.operate(of, async () => {})
    },
    [`${kind}.delete`]: ({ project, parameters }) => {
      const name = parameters[word] ?? ''
      const path = pathOf(parameters['project'], name)
      if (!project[kind].has(name)) throw notFound(path)
      if (kind === 'networks') refuseInUse(project, name)
      const of = {
        project: parameters['project'] ?? '',
        type: 'delete',
        target: project.link(path),
        requestId: parameters['requestId'],
      }
      return project.operate(of, async () => void project[kind].delete(name))
    },
  }
}

function newResource(
  project: Project,
  body: Record<string, unknown>,
  name: string,
  path: string,
  word: string,
): Resource {
  const network =
    body['network'] === undefined
      ? {}
      : { network: project.link(/projects\/.*/.exec(textOf(body['network']))?.[0] ?? '') }
  return {
    ...body,
    ...network,
    kind: `compute#${word}`,
    id: project.id(),
    name,
    creationTimestamp: new Date().toISOString(),
    selfLink: project.link(path),
  }
}

function refuseInUse(project: Project, name: string): void {
  const user = [...project.machines.values()].find(({ data }) =>
    cardsOf(data).some(({ network }) => last(network) === name),
  )
  const rule = [...project.firewalls.values()].find(({ network }) => last(network) === name)
  const by = user?.data.selfLink ?? rule?.selfLink
  if (by !== undefined)
    throw new ApiError(
      400,
      'resourceInUseByAnotherResource',
      `The network resource '${name}' is already being used by '${by}'`,
    )
}
