import { invalid } from './api-error.ts'
import { filtered } from './filter.ts'
import { last } from './lifecycle.ts'
import type { Project, Resource } from './project.ts'

/** One page of a list. */
export function page(
  project: Project,
  parameters: Record<string, string>,
  all: readonly Resource[],
  kind: string,
): object {
  const { items, nextPageToken } = cut(project, parameters, filtered(all, parameters['filter']))
  return {
    kind: `compute#${kind}List`,
    items,
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    selfLink: project.link('list'),
  }
}

/** The same over all zones. */
export function aggregated(
  project: Project,
  parameters: Record<string, string>,
  all: readonly Resource[],
  field: string,
): object {
  const { items, nextPageToken } = cut(project, parameters, filtered(all, parameters['filter']))
  const byZone = Map.groupBy(items, ({ zone }) => `zones/${last(zone)}`)
  const zones = project.regions.flatMap(({ zones: names }) => names.map((name) => `zones/${name}`))
  const scopes = zones.map((scope) => {
    const here = byZone.get(scope)
    const empty = {
      warning: { code: 'NO_RESULTS_ON_PAGE', message: `There are no results for scope '${scope}' on this page.` },
    }
    return [scope, here ? { [field]: here } : empty]
  })
  return {
    kind: `compute#${field.slice(0, -1)}AggregatedList`,
    items: Object.fromEntries(scopes) as object,
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    selfLink: project.link('aggregated'),
  }
}

function cut<T>(
  project: Project,
  parameters: Record<string, string>,
  all: readonly T[],
): { items: T[]; nextPageToken?: string } {
  const size = Math.min(project.settings.pageSize ?? 50, Number(parameters['maxResults'] ?? 500))
  const begin = Number(parameters['pageToken'] ?? 0)
  if (!Number.isInteger(begin)) throw invalid('pageToken', `'${parameters['pageToken']}'`)
  const items = all.slice(begin, begin + size)
  return { items, ...(begin + size < all.length ? { nextPageToken: String(begin + size) } : {}) }
}
