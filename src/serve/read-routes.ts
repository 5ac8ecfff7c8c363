import { z } from 'zod'
import { findCellRun, listCellRuns } from '../archive/read/cell-runs.ts'
import { listCells, newestOfCells, plannedCells } from '../archive/read/cells.ts'
import { listFindings } from '../archive/read/findings.ts'
import { findImage, listImageNames, listImages, packagesOf } from '../archive/read/images.ts'
import { listSubmitters } from '../archive/read/people.ts'
import { findRun, listRuns } from '../archive/read/runs.ts'
import { listSubmissions, readLog } from '../archive/read/submissions.ts'
import {
  cellRunDetailShape,
  cellRunShape,
  findingShape,
  imageShape,
  runShape,
  showCellRun,
  showFile,
  showFinding,
  showImage,
  showRun,
  showSubmission,
  showSubmitter,
  submissionShape,
  submitterShape,
} from './api-shapes.ts'
import { given, pageOf, paging, shown, word } from './listing.ts'
import { json, problem } from './reply.ts'
import { route, type Route } from './route.ts'

/** Questions about what was submitted. */
export const readRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/submissions',
    summary: 'Submissions, newest first.',
    query: z.object({ ...paging, submitter: word, kind: word }),
    reply: pageOf(submissionShape),
    handle: async ({ archive }, { query }) => shown(await listSubmissions(archive, given(query)), showSubmission),
  }),
  route({
    method: 'GET',
    path: '/api/v1/log',
    summary: 'The log from its beginning, for mirrors and auditors: each entry has the hash of the one before it.',
    query: z.object({ ...paging, after: z.coerce.number().int().min(0).optional() }),
    reply: pageOf(submissionShape),
    handle: async ({ archive }, { query }) => shown(await readLog(archive, given(query)), showSubmission),
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/{seq}',
    summary: 'What the archive keeps of a submission: its line of the log and the signed envelope.',
    handle: async ({ archive }, { path }) => {
      const archived = /^\d{1,9}$/.test(path['seq'] ?? '')
        ? await archive.logFiles.read(Number(path['seq']))
        : undefined
      return archived ? json(archived) : problem(404, 'there is no such entry')
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/runs',
    summary: 'Runs in the order they came, newest first.',
    query: z.object({ ...paging, submitter: word, status: word }),
    reply: pageOf(runShape),
    handle: async ({ archive }, { query }) => shown(await listRuns(archive, given(query)), showRun),
  }),
  route({
    method: 'GET',
    path: '/api/v1/runs/{submission}',
    summary: 'A run and its cells, worst first.',
    reply: runShape.extend({ results: z.array(cellRunShape) }),
    handle: async ({ archive }, { path }) => {
      const found = await findRun(archive, path['submission'] ?? '')
      return found
        ? json({ ...showRun(found.run), results: found.cells.map(showCellRun) })
        : problem(404, 'there is no such run')
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/cell-runs',
    summary: 'Results of cells, newest first.',
    query: z.object({
      ...paging,
      cell: word,
      image: word,
      build: word,
      digest: word,
      platform: word,
      submitter: word,
      status: word,
    }),
    reply: pageOf(cellRunShape),
    handle: async ({ archive }, { query }) => shown(await listCellRuns(archive, given(query)), showCellRun),
  }),
  route({
    method: 'GET',
    path: '/api/v1/cell-runs/{uid}',
    summary: 'One result with all its checks and files.',
    reply: cellRunDetailShape,
    handle: async ({ archive }, { path }) => {
      const found = await findCellRun(archive, path['uid'] ?? '')
      if (!found) return problem(404, 'there is no such result')
      const { axes, suites, agent, upgrade, warnings, measured, checks = null } = found.detail
      const detail = { axes, suites, agent, ...(upgrade ? { upgrade } : {}), warnings, measured, checks }
      return json({ ...showCellRun(found.row), ...detail, files: found.files.map(showFile) })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/latest',
    summary: 'The newest result of every cell.',
    query: z.object({ image: word, platform: word, digest: word }),
    reply: z.object({ items: z.array(cellRunShape) }),
    handle: async ({ archive }, { query }) =>
      json({ items: (await newestOfCells(archive, given(query))).map(showCellRun) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/cells',
    summary: 'Cells that ever had a result.',
    query: z.object({ ...paging, platform: word, image: word }),
    reply: pageOf(
      z.object({ id: z.string(), platform: z.string(), image: z.string(), axes: z.record(z.string(), z.string()) }),
    ),
    handle: async ({ archive }, { query }) => shown(await listCells(archive, given(query)), (row) => row),
  }),
  route({
    method: 'GET',
    path: '/api/v1/planned-cells',
    summary: 'Ids of cells that a plan names, whether somebody filled them or not.',
    reply: z.object({ items: z.array(z.string()) }),
    handle: async ({ archive }) => json({ items: await plannedCells(archive) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/findings',
    summary: 'Judgements that are no plain pass, newest first.',
    query: z.object({ ...paging, check: word, status: word, cell: word, image: word, build: word }),
    reply: pageOf(findingShape),
    handle: async ({ archive }, { query }) => shown(await listFindings(archive, given(query)), showFinding),
  }),
  route({
    method: 'GET',
    path: '/api/v1/images',
    summary: 'Images, newest first.',
    query: z.object({
      ...paging,
      name: word,
      distribution: word,
      release: word,
      architecture: word,
      variant: word,
      build: word,
    }),
    reply: pageOf(imageShape),
    handle: async ({ archive }, { query }) => shown(await listImages(archive, given(query)), showImage),
  }),
  route({
    method: 'GET',
    path: '/api/v1/image-names',
    summary: 'Names of images and how many builds there are of each.',
    handle: async ({ archive }) => json({ items: await listImageNames(archive) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/images/{digest}',
    summary: 'An image by its digest: its names, what platforms call it, its packages.',
    handle: async ({ archive }, { path }) => {
      const { names, refs } = await findImage(archive, path['digest'] ?? '')
      const [first] = names
      if (!first) return problem(404, 'nobody has submitted results of such an image')
      const packages = (await packagesOf(archive, first.digest, first.name)) ?? null
      return json({ digest: first.digest, names: names.map(showImage), refs, packages })
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/submitters',
    summary: 'Who submits, and what they may submit.',
    reply: z.object({ items: z.array(submitterShape) }),
    handle: async ({ archive }) => json({ items: (await listSubmitters(archive)).map(showSubmitter) }),
  }),
]
