import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { dump } from '../archive/dump.ts'
import { findRun } from '../archive/read/runs.ts'
import { findCellRun, listCellRuns, type CellRunRow } from '../archive/read/cell-runs.ts'
import { newestOfCells } from '../archive/read/cells.ts'
import { readRunModel } from '../archive/read/run-model.ts'
import { matchesGlob } from '../matrix/glob.ts'
import { junitXml } from '../reporters/junit.ts'
import { tapText } from '../reporters/tap.ts'
import { kcidbReport } from '../publish/formats/kcidb.ts'
import { blobPath } from './api-shapes.ts'
import { badgeState, badgeSvg } from './badge.ts'
import { atomFeed } from './feed.ts'
import { imageIndex, signIndex } from './image-index.ts'
import { json, problem, type Reply } from './reply.ts'
import { route, type Route, type ServeContext } from './route.ts'
import { streamsIndex, streamsProducts } from './simplestreams.ts'

const STALE_MS = 14 * 86_400_000
const glob = z.string().min(1).max(300).default('*')
const badgeQuery = z.object({
  cell: glob,
  image: z.string().max(300).optional(),
  label: z.string().max(60).default('image tests'),
})

/** The same evidence in the forms of others. */
export const exportRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/runs/{submission}/junit.xml',
    summary: 'A run as JUnit XML.',
    type: 'application/xml',
    handle: async ({ archive }, { path }) => {
      const run = await readRunModel(archive, path['submission'] ?? '')
      return run ? typed('application/xml; charset=utf-8', junitXml(run)) : problem(404, 'there is no such run')
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/runs/{submission}/results.tap',
    summary: 'A run by the Test Anything Protocol.',
    type: 'text/plain',
    handle: async ({ archive }, { path }) => {
      const run = await readRunModel(archive, path['submission'] ?? '')
      return run ? typed('text/plain; charset=utf-8', tapText(run)) : problem(404, 'there is no such run')
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/runs/{submission}/kcidb.json',
    summary: 'A run as a report of KCIDB 5.3.',
    handle: async ({ archive, publicUrl }, { path }) => {
      const found = await findRun(archive, path['submission'] ?? '')
      const run = found && (await readRunModel(archive, found.run.submission))
      if (!found || !run) return problem(404, 'there is no such run')
      const digests = new Map<string, string>()
      for (const { uid, cell } of found.cells)
        for (const { name, digest } of (await findCellRun(archive, uid))?.files ?? [])
          digests.set(`${cell} ${name}`, digest)
      const urlOf = (cell: string, file: string) => {
        const digest = digests.get(`${cell} ${file}`)
        return digest === undefined ? undefined : `${publicUrl}${blobPath(digest)}`
      }
      return json(kcidbReport(run, found.run.submitter, urlOf))
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/dump.ndjson',
    summary: 'Everything, as lines of JSON: the name of a table, then its rows.',
    type: 'application/x-ndjson',
    handle: async ({ archive }) => ({
      status: 200,
      headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-cache' },
      body: Readable.from(dump(archive.sql)),
    }),
  }),
  route({
    method: 'GET',
    path: '/feeds/cell/{cell*}',
    summary: 'Atom feed of the results of a cell.',
    type: 'application/atom+xml',
    handle: (context, { path }) =>
      feed(context, { cell: path['cell'] ?? '' }, `cell ${path['cell']}`, `/feeds/cell/${path['cell']}`),
  }),
  route({
    method: 'GET',
    path: '/feeds/image/{image}',
    summary: 'Atom feed of the results of an image.',
    type: 'application/atom+xml',
    handle: (context, { path }) =>
      feed(context, { image: path['image'] ?? '' }, `image ${path['image']}`, `/feeds/image/${path['image']}`),
  }),
  route({
    method: 'GET',
    path: '/feeds/failures',
    summary: 'Atom feed of cells that failed.',
    type: 'application/atom+xml',
    handle: (context) => feed(context, { status: 'fail' }, 'failures', '/feeds/failures'),
  }),
  route({
    method: 'GET',
    path: '/badge.svg',
    summary: 'The worst newest result of the cells that a glob names. Missing and stale are grey.',
    query: badgeQuery,
    type: 'image/svg+xml',
    handle: async (context, { query }) => {
      const state = await badgeOf(context, query)
      const headers = { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=300' }
      return { status: 200, headers, body: badgeSvg(query.label, state) }
    },
  }),
  route({
    method: 'GET',
    path: '/badge.json',
    summary: 'The same for shields.io.',
    query: badgeQuery,
    handle: async (context, { query }) => {
      const { word, color } = await badgeOf(context, query)
      return json({ schemaVersion: 1, label: query.label, message: word, color }, 200, {
        'cache-control': 'public, max-age=300',
      })
    },
  }),
  route({
    method: 'GET',
    path: '/images.json',
    summary: 'All images: digests, ids on platforms, results, decisions, approvals.',
    handle: async ({ archive, publicUrl }) => typed('application/json', await imageIndex(archive, publicUrl)),
  }),
  route({
    method: 'GET',
    path: '/images.json.dsse',
    summary: 'images.json in a DSSE envelope that the archive signed.',
    handle: async ({ archive, publicUrl }) => json(signIndex(archive, await imageIndex(archive, publicUrl))),
  }),
  route({
    method: 'GET',
    path: '/streams/v1/index.json',
    summary: 'Where clients of simplestreams, such as LXD, begin.',
    handle: async ({ archive }) => json(await streamsIndex(archive)),
  }),
  route({
    method: 'GET',
    path: '/streams/v1/images.json',
    summary: 'Images to download, as products of simplestreams.',
    handle: async ({ archive }) => json(await streamsProducts(archive)),
  }),
  route({
    method: 'GET',
    path: '/images/{hex}/{file}',
    summary: 'A file of an image.',
    type: 'application/octet-stream',
    handle: imageFile,
  }),
]

function typed(type: string, body: string): Reply {
  return { status: 200, headers: { 'content-type': type }, body }
}

async function imageFile(
  { archive }: ServeContext,
  { path }: { path: Readonly<Record<string, string>> },
): Promise<Reply> {
  const { hex = '', file = '' } = path
  const which = file === 'lxd.tar.xz' ? 'metadata' : file === 'root.squashfs' ? 'rootfs' : undefined
  const files = /^[0-9a-f]{64}$/.test(hex) ? await archive.images.read(`sha256:${hex}`) : undefined
  if (!which || !files) return problem(404, 'there is no such file')
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(files[which].size),
    'cache-control': 'public, max-age=31536000, immutable',
  }
  return { status: 200, headers, body: createReadStream(archive.images.path(files.digest, which)) }
}

async function badgeOf({ archive, now }: ServeContext, { cell, image }: { cell: string; image?: string | undefined }) {
  const newest = await newestOfCells(archive, image === undefined ? {} : { image })
  return badgeState(
    newest.filter((row) => matchesGlob(row.cell, cell)),
    { now: now(), staleMs: STALE_MS },
  )
}

async function feed(
  { archive, publicUrl, title }: ServeContext,
  of: { cell?: string; image?: string; status?: string },
  about: string,
  path: string,
): Promise<Reply> {
  const { items } = await listCellRuns(archive, { ...of, limit: 50 })
  const address = (uid: string) => `${publicUrl}/result/${uid}/`
  const entries = items.map((row) => ({
    id: address(row.uid),
    title: `${row.status}: ${row.cell} ${row.build}`,
    updated: new Date(row.startedAt).toISOString(),
    url: address(row.uid),
    summary: summaryOf(row),
    author: row.submitter,
  }))
  const self = `${publicUrl}${path.split('/').map(encodeURIComponent).join('/')}`
  return typed(
    'application/atom+xml; charset=utf-8',
    atomFeed({ id: self, title: `${title}: ${about}`, url: `${publicUrl}/`, self, entries }),
  )
}

function summaryOf({ state, reason, pass, fail, error }: CellRunRow): string {
  const counts = `${pass} pass, ${fail} fail, ${error} error`
  return [state === 'accepted' ? '' : state, counts, reason ?? ''].filter(Boolean).join('; ')
}
