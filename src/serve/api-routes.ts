import { exportRoutes } from './export-routes.ts'
import { json } from './reply.ts'
import { openApi } from './openapi.ts'
import { issueRoutes } from './issue-routes.ts'
import { readRoutes } from './read-routes.ts'
import { releaseRoutes } from './release-routes.ts'
import { route, type Route } from './route.ts'
import { serverRoutes } from './server-routes.ts'
import { submitRoutes } from './submit-routes.ts'

/** Every address that is not a page. */
export const apiRoutes: readonly Route[] = [
  ...submitRoutes,
  ...exportRoutes,
  ...readRoutes,
  ...releaseRoutes,
  ...issueRoutes,
  ...serverRoutes,
  route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This description.',
    handle: async ({ title, publicUrl }) => json(openApi(apiRoutes, { title, version: '1.0', url: publicUrl })),
  }),
]
