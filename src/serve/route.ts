import type { z } from 'zod'
import type { Archive } from '../archive/archive.ts'
import type { ReadIssues } from './issue-source.ts'
import type { ServeLimits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { TokenVerifier } from './oidc.ts'
import type { Reply, Request } from './reply.ts'
import type { UploadTickets } from './upload-tickets.ts'

/** What routes work with. */
export interface ServeContext {
  archive: Archive
  limits: ServeLimits
  /** How readers name this server, without a slash at the end. */
  publicUrl: string
  /** Shown as the name of the instance. */
  title: string
  tickets: UploadTickets
  tokens: TokenVerifier
  metrics: Metrics
  /** Known issues; absent when nobody gave any. */
  issues: ReadIssues | undefined
  now: () => number
}

/** One address of the API. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT'
  /** With `{name}` for one part and `{name*}` for the rest. */
  path: string
  /** One line of the description. */
  summary: string
  query?: z.ZodObject
  /** What a good answer holds; absent when it is no JSON. */
  reply?: z.ZodType
  /** Type of an answer that is no JSON. */
  type?: string
  handle(context: ServeContext, asked: Asked): Promise<Reply>
}

export interface Asked {
  request: Request
  /** Parts of the path, by name. */
  path: Readonly<Record<string, string>>
  /** What `query` of the route made of the query. */
  query: Readonly<Record<string, unknown>>
}

/** Types a route by what its query is. */
export function route<Query extends z.ZodObject>(
  made: Omit<Route, 'query' | 'handle'> & {
    query?: Query
    handle(context: ServeContext, asked: Omit<Asked, 'query'> & { query: z.infer<Query> }): Promise<Reply>
  },
): Route {
  // The query of a route is parsed by its own schema before it is called.
  return made as Route
}

/** The route for a path, and the parts of the path. `other` tells which methods there are when this one is not. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; parts: Record<string, string> } | { other: string[] } {
  const other: string[] = []
  const wanted = method === 'HEAD' ? 'GET' : method
  for (const one of routes) {
    const parts = partsOf(one.path, path)
    if (!parts) continue
    if (one.method === wanted) return { route: one, parts }
    other.push(one.method)
  }
  return { other }
}

function partsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  const parts: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index]
    if (part.endsWith('*}')) {
      const rest = given.slice(index).join('/')
      if (rest === '') return undefined
      parts[part.slice(1, -2)] = rest
      return parts
    }
    if (value === undefined) return undefined
    const [, before, name, after] = /^([^{]*)\{(\w+)\}(.*)$/.exec(part) ?? []
    if (name === undefined) {
      if (part !== value) return undefined
    } else {
      const end = value.length - (after ?? '').length
      if (!value.startsWith(before ?? '') || !value.endsWith(after ?? '') || end <= (before ?? '').length)
        return undefined
      parts[name] = value.slice((before ?? '').length, end)
    }
  }
  return given.length === wanted.length ? parts : undefined
}
