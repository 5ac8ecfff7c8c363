// Pages of 250 cells with 30 builds and 80 judgements each: how long a reader waits for each kind of page, and how long an export takes.
// The reference is the query of the grid alone, which no page of it can be quicker than.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readGrid } from '../src/archive/index.ts'
import { exportSite, Site } from '../src/site/index.ts'
import { modelArchive, NOW } from '../tests/fixtures/site/model-archive.ts'
import { alternate, line, median, time, verdict } from './measure.ts'

const PLATFORMS = ['azure', 'ec2', 'gce', 'lxd', 'qemu']
const BUILDS = 30
const CHECKS = 80
const ROUNDS = 15

const types = Array.from({ length: 25 }, (_, index) => `type-${index}`)
const platforms = Object.fromEntries(
  PLATFORMS.map((name) => [name, { submitter: 'lab-berlin', boots: ['uefi', 'bios'], types }]),
)
const started = performance.now()
await using archive = await modelArchive({ images: ['debian-13'], platforms, builds: BUILDS, checks: CHECKS })
const cells = PLATFORMS.length * types.length * 2
console.log(
  `${cells} cells x ${BUILDS} builds x ${CHECKS} checks are in the database after ${((performance.now() - started) / 1000).toFixed(0)} s`,
)
const site = new Site(archive, { harness: 'bench', now: () => NOW })

const body = async (path: string) => String((await site.answer(path)).body)
const linkOf = async (path: string, pattern: RegExp) => {
  const [, href = ''] = pattern.exec(await body(path)) ?? []
  return decodeURIComponent(new URL(href, `http://site${path}`).pathname)
}
const cell = '/cell/lxd/debian-13/type-3/uefi/'
const paths: Readonly<Record<string, string>> = {
  overview: '/',
  'grid of builds': '/grid/debian-13/',
  cell,
  result: await linkOf(cell, /<tbody[\s\S]*? href="([^"]*result[^"]*)"/),
  run: await linkOf('/', / href="([^"]*run\/[^"]*)"/),
  'image finder': '/images/',
  compare: await linkOf('/grid/debian-13/', / href="([^"]*compare\/[^"]*)"/),
  coverage: '/coverage/',
  'known issues': '/issues/',
}
const samples = await alternate(ROUNDS, {
  'query of the grid alone': () => time(() => readGrid(archive, 'debian-13')),
  ...Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, () => time(() => site.answer(path))])),
})
for (const sample of Object.values(samples)) console.log(line(sample, 'ms'))
const grid = Buffer.from(await body(paths['grid of builds'] ?? ''))
console.log(
  `the grid is ${(grid.length / 1024).toFixed(0)} KiB, ${(gzipSync(grid).length / 1024).toFixed(0)} KiB by gzip`,
)
verdict('slowest page', Math.max(...Object.keys(paths).map((name) => median(samples[name]?.values ?? []))), 500, ' ms')

const out = await mkdtemp(join(tmpdir(), 'harness-bench-'))
try {
  const from = performance.now()
  const { pages, bytes } = await exportSite(site, join(out, 'pages'))
  const seconds = (performance.now() - from) / 1000
  console.log(
    `${pages} pages, ${(bytes / 1024 / 1024).toFixed(0)} MiB, ${((seconds * 1000) / pages).toFixed(1)} ms for each`,
  )
  verdict('export of every page', seconds, 120, ' s')
} finally {
  await rm(out, { recursive: true, force: true })
}
