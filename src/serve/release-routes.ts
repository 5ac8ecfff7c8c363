import { z } from 'zod'
import { findDecision, listDecisions } from '../archive/read/decisions.ts'
import { listApprovals, listWaivers } from '../archive/read/people.ts'
import {
  approvalShape,
  decisionDetailShape,
  decisionShape,
  showApproval,
  showDecision,
  showWaiver,
  waiverShape,
} from './api-shapes.ts'
import { given, pageOf, paging, shown, word } from './listing.ts'
import { json, problem } from './reply.ts'
import { route, type Route } from './route.ts'

/** Questions about whether images may be published: what is excused, what was decided, who approved. */
export const releaseRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/waivers',
    summary: 'Known failures that do not count for a while; those that end last first.',
    query: z.object(paging),
    reply: pageOf(waiverShape),
    handle: async ({ archive }, { query }) => shown(await listWaivers(archive, given(query)), showWaiver),
  }),
  route({
    method: 'GET',
    path: '/api/v1/approvals',
    summary: 'Signed approvals of decisions, newest first.',
    query: z.object({ ...paging, digest: word, decision: word }),
    reply: pageOf(approvalShape),
    handle: async ({ archive }, { query }) => shown(await listApprovals(archive, given(query)), showApproval),
  }),
  route({
    method: 'GET',
    path: '/api/v1/decisions',
    summary: 'Decisions of the gate about images, newest first. A no-go says what is missing.',
    query: z.object({ ...paging, digest: word, image: word, policy: word, verdict: word }),
    reply: pageOf(decisionShape),
    handle: async ({ archive }, { query }) => shown(await listDecisions(archive, given(query)), showDecision),
  }),
  route({
    method: 'GET',
    path: '/api/v1/decisions/{decision}',
    summary: 'A decision by its id: every item with its reasons, and the policy.',
    reply: decisionDetailShape,
    handle: async ({ archive }, { path }) => {
      const found = await findDecision(archive, path['decision'] ?? '')
      return found
        ? json({ ...showDecision(found.row), decision: found.decision, policyText: found.policy })
        : problem(404, 'there is no such decision')
    },
  }),
]
