import { z } from 'zod'
import { pageOfList } from '../archive/read/page-of-list.ts'
import { atomFeed } from './feed.ts'
import type { GroupFacts, IncidentFacts, IssueFacts } from './issue-source.ts'
import { given, pageOf, paging, shown, word } from './listing.ts'
import { json, problem } from './reply.ts'
import { route, type Route, type ServeContext } from './route.ts'

const at = z.iso.datetime()
const count = z.int().min(0)

const issueShape = z
  .object({
    id: z.string(),
    version: count,
    title: z.string(),
    culprit: z.enum(['image', 'cloud', 'test', 'harness', 'unknown']).describe('Who must act.'),
    url: z.string().nullable(),
    state: z
      .enum(['there', 'gone', 'not seen'])
      .describe('Gone: it was looked for again, and is in none of the cells it was seen in.'),
    seen: count.describe('Results it was seen in.'),
    looked: count.describe('Results it was looked for in.'),
    firstSeen: at.nullable(),
    lastSeen: at.nullable(),
    goneSince: at.nullable(),
  })
  .meta({ id: 'Issue' })

const incidentShape = z
  .object({
    id: z.string().describe('The same however often it is looked for.'),
    issue: z.string(),
    version: count,
    cellRun: z.string(),
    cell: z.string(),
    check: z.string().nullable(),
    at,
    excerpt: z.string().nullable(),
  })
  .meta({ id: 'Incident' })

const groupShape = z
  .object({
    id: z.string().describe('Made of the check and what it says: the same on every machine and every day.'),
    check: z.string(),
    example: z.string(),
    count,
    cells: z.array(z.string()),
    cellRuns: z.array(z.string()).describe('The newest first, 20 at most.'),
    firstSeen: at,
    lastSeen: at,
  })
  .meta({ id: 'FailureGroup' })

const NONE = { histories: [], groups: [] }
const MOST_RUNS = 20
const FEED = 50

const read = async ({ issues }: ServeContext) => (issues ? await issues() : NONE)

/** Questions about what is known to go wrong. */
export const issueRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/issues',
    summary: 'Known issues by id, and where and when each was seen.',
    query: z.object({ ...paging, culprit: word, state: word }),
    reply: pageOf(issueShape),
    handle: async (context, { query }) => {
      const { culprit, state, ...page } = given(query)
      const all = (await read(context)).histories
        .map(showIssue)
        .filter(
          (one) => (culprit === undefined || one.culprit === culprit) && (state === undefined || one.state === state),
        )
      return shown(
        pageOfList(all, ({ id }) => [id], page),
        (one) => one,
      )
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/issues/{issue}',
    summary: 'A known issue.',
    reply: issueShape,
    handle: async (context, { path }) => {
      const found = (await read(context)).histories.find(({ issue }) => issue.id === path['issue'])
      return found ? json(showIssue(found)) : problem(404, 'no such issue is known')
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/incidents',
    summary: 'Where known issues were seen, newest first.',
    query: z.object({ ...paging, issue: word, cell: word, check: word }),
    reply: pageOf(incidentShape),
    handle: async (context, { query }) => {
      const { issue, cell, check, ...page } = given(query)
      const all = (await read(context)).histories
        .filter((one) => issue === undefined || one.issue.id === issue)
        .flatMap(({ incidents }) => incidents)
        .filter((one) => (cell === undefined || one.cell === cell) && (check === undefined || one.check === check))
      return shown(
        pageOfList(all, (one) => [one.at, one.id], page, true),
        showIncident,
      )
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/failure-groups',
    summary: 'Failures that no known issue explains, by what they say.',
    query: z.object({ ...paging, check: word }),
    reply: pageOf(groupShape),
    handle: async (context, { query }) => {
      const { check, ...page } = given(query)
      const all = (await read(context)).groups.filter((one) => check === undefined || one.check === check)
      return shown(
        pageOfList(all, ({ id }) => [id], page),
        showGroup,
      )
    },
  }),
  route({
    method: 'GET',
    path: '/feeds/issue/{issue}',
    summary: 'Atom feed of results that a known issue was seen in.',
    type: 'application/atom+xml',
    handle: async (context, { path }) => {
      const { publicUrl, title } = context
      const found = (await read(context)).histories.find(({ issue }) => issue.id === path['issue'])
      if (!found) return problem(404, 'no such issue is known')
      const entries = found.incidents.slice(0, FEED).map((one) => ({
        id: `${publicUrl}/result/${one.cellRun}/#${one.id}`,
        title: `${one.issue}: ${one.cell}`,
        updated: one.at,
        url: `${publicUrl}/result/${one.cellRun}/`,
        summary: one.excerpt ?? found.issue.title,
        author: title,
      }))
      const self = `${publicUrl}/feeds/issue/${encodeURIComponent(found.issue.id)}`
      const url = `${publicUrl}/issue/${found.issue.id}/`
      const body = atomFeed({ id: self, title: `${title}: ${found.issue.title}`, url, self, entries })
      return { status: 200, headers: { 'content-type': 'application/atom+xml; charset=utf-8' }, body }
    },
  }),
]

function showIssue({ issue, seen, looked, firstSeen, lastSeen, goneSince }: IssueFacts) {
  const { id, version, title, culprit, url } = issue
  return {
    id,
    version,
    title,
    culprit,
    url: url ?? null,
    state: seen === 0 ? 'not seen' : goneSince === undefined ? 'there' : 'gone',
    seen,
    looked,
    firstSeen: firstSeen ?? null,
    lastSeen: lastSeen ?? null,
    goneSince: goneSince ?? null,
  }
}

function showIncident({ id, issue, version, cellRun, cell, check, at: when, excerpt }: IncidentFacts) {
  return { id, issue, version, cellRun, cell, check: check ?? null, at: when, excerpt: excerpt ?? null }
}

function showGroup({ id, check, example, count: times, cells, runs, firstSeen, lastSeen }: GroupFacts) {
  return { id, check, example, count: times, cells, cellRuns: runs.slice(0, MOST_RUNS), firstSeen, lastSeen }
}
