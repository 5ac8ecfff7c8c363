import { archiveHead } from '../archive/read/submissions.ts'
import { json, problem } from './reply.ts'
import { route, type Route } from './route.ts'

/** What operators and their tools ask. */
export const serverRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    summary: 'Whether the process answers.',
    handle: async () => json({ status: 'ok' }, 200, { 'cache-control': 'no-store' }),
  }),
  route({
    method: 'GET',
    path: '/ready',
    summary: 'Whether the database answers too. 503 when it does not.',
    handle: async ({ archive }) => {
      try {
        const { seq } = await archiveHead(archive)
        return json({ status: 'ok', seq, database: archive.sql.kind }, 200, { 'cache-control': 'no-store' })
      } catch {
        return problem(503, 'the database does not answer', { headers: { 'retry-after': '10' } })
      }
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    summary: 'Numbers about this process, in the text format of Prometheus.',
    type: 'text/plain',
    handle: async ({ metrics }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' },
      body: await metrics.text(),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/head',
    summary: 'The newest entry of the log, signed. Keep it: nothing before it can change without being seen.',
    handle: async ({ archive }) => {
      const { seq, hash, receivedAt } = await archiveHead(archive)
      return json({ seq, hash, receivedAt: new Date(receivedAt).toISOString(), key: archive.key.publicKey }, 200, {
        'cache-control': 'no-cache',
      })
    },
  }),
]
