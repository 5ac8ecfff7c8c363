import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseIssue } from '../../../src/known-issues/load-issues.ts'
import { exportSite } from '../../../src/site/export-site.ts'
import { Site } from '../../../src/site/site.ts'
import { modelArchive, NOW, type ModelArchive } from '../../fixtures/site/model-archive.ts'

const LATE = parseIssue(
  `id: time:late
version: 2
title: the clock is late
culprit: image
when: { image: debian-sid }
contains: [the clock of]
match: 'was \\d+ seconds late'
samples: { hit: ['the clock of x was 3 seconds late'], miss: ['the clock of x is right'] }
`,
  'late.yaml',
)

let archive: ModelArchive
let site: Site
beforeAll(async () => {
  archive = await modelArchive({ builds: 6 })
  site = new Site(archive, { harness: '0.1.0', now: () => NOW + 3_600_000, issues: [LATE] })
})
afterAll(async () => await archive[Symbol.asyncDispose]())

async function page(path: string, of = site): Promise<string> {
  const { status, body } = await of.answer(path)
  expect([path, status]).toEqual([path, 200])
  return String(body)
}

/** The text people read, without what only stands for layout. */
async function text(path: string, of = site): Promise<string> {
  return (await page(path, of))
    .replaceAll(/<(head|footer)[\s\S]*?<\/\1>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

async function linkIn(path: string, pattern: RegExp, after = '<main'): Promise<string> {
  const [, rest = ''] = (await page(path)).split(after)
  const found = [...rest.matchAll(/ href="([^"]+)"/g)].map(([, href = '']) => href)
  const link = found.find((href) => pattern.test(href))
  expect([path, pattern, link]).toEqual([path, pattern, expect.any(String)])
  return decodeURIComponent(new URL(link ?? '', `http://site${path}`).pathname)
}

describe('pages', () => {
  test('the overview tells images by platform, what fails now, and who ran what', async () => {
    const shown = await text('/')
    expect(shown).toContain('3 of 5 images have failures')
    expect(shown).toMatch(/debian-sid ✘ 0\/4 fail: 0 of 4 pass/)
    expect(shown).toMatch(/fedora-43 · not judged/)
    expect(shown).toMatch(/reg-time-3 time of the image is as the platform wants it \(3\) debian-sid 1?\d cells/)
    expect(shown).toContain('approved')
    expect(shown).toContain('lab-berlin')
  })

  test('the grid has a row for each cell and a column for each build, and marks what nobody judged', async () => {
    const grid = await page('/grid/debian-sid/')
    expect(grid.match(/<th scope="col" class="build"/g)).toHaveLength(6)
    expect(grid.match(/aria-label="not judged"/g)?.length).toBeGreaterThan(5)
    expect(grid).toContain('href="../../cell/qemu/debian-sid/default/uefi/"')
  })

  test('a cell tells its history, its boot times and how to run it again', async () => {
    const shown = await text('/cell/azure/debian-12/Standard_D2s_v5/uefi/')
    expect(shown).toContain('Passes since 2026-11-20')
    expect(shown).toMatch(/Boot until the agent has finished: last 2\d\.\d s , median/)
    expect(shown).toContain('harness run --filter azure/debian-12/Standard_D2s_v5/uefi')
  })

  test('a result tells what failed, the end of its log, the known issue and the command', async () => {
    const result = await linkIn('/cell/lxd/debian-sid/default/container/', /result/, '<tbody')
    const shown = await text(result)
    expect(shown).toContain('Expected: time of the image is as the platform wants it (3)')
    expect(shown).toContain('no address of the time server')
    expect(shown).toContain('known: time:late')
    expect(shown).toContain('Reproduce harness run --filter lxd/debian-sid/default/container')
    expect(String((await site.answer(await linkIn(result, /\/log\//))).body)).toContain('step 59 of the boot')
  })

  test('a check tells where it fails now and what was seen', async () => {
    const shown = await text('/check/reg-time-3/')
    expect(shown).toContain('harness explain reg-time-3')
    expect(shown).toMatch(/the clock of 10\.0\.3\.\d+ was 312 seconds late/)
    expect(shown).toContain('still')
  })

  test('two builds: packages, boot times, newly failing and newly fixed', async () => {
    const shown = await text(await linkIn('/grid/debian-12/', /compare/))
    expect(shown).toMatch(/\d+ newly fixed/)
    expect(shown).toContain('pol-sudo-7')
    expect(shown).toMatch(/cloud-init 25\.3\.\d-1|The same packages/)
    expect(shown).toContain('Boot times cell before after change')
  })

  test('coverage: who fills what, what nobody fills, what is stale', async () => {
    const shown = await text('/coverage/')
    expect(shown).toContain('Nobody fills 10 cells')
    expect(shown).toContain('gce/ fedora-43/ c4a-standard-1/ uefi')
    expect(shown).toContain('60 depend on one submitter')
    const old = new Site(archive, { harness: '0.1.0', now: () => NOW + 20 * 86_400_000 })
    expect(await text('/coverage/', old)).toContain('60 stale cells')
  })

  test('known issues: first and last seen, and what nobody has explained', async () => {
    const shown = await text('/issues/')
    expect(shown).toMatch(/time:late the clock is late image \d+ 2026-11-1\d 2026-11-20 there/)
    expect(shown).not.toContain('the clock of 10.0.3')
    expect(shown).toContain('/dev/disk/cloud/azure_resource is not there')
    expect(await text('/issue/time:late/')).toContain('version 2')
  })

  test('a result tells the issue that explains it, without looking through the archive', async () => {
    const result = await linkIn('/issue/time:late/', /result\//)
    expect(await text(result)).toContain('the clock is late')
    const other = new Site(archive, { harness: '0.1.0', now: () => NOW })
    expect(await text(result, other)).not.toContain('the clock is late')
  })

  test('waivers count down, and those that ended are told apart', async () => {
    const shown = await text('/waivers/')
    expect(shown).toMatch(
      /In force: 3 hostname-late 5 days left .* ntp-drift 17 days left .* swap-missing 71 days left/,
    )
    expect(shown).toContain('Over: 1 old-locale ended 2026-11-17')
    // Whoever ends one needs its name.
    expect(shown.match(/Submission sha256:[0-9a-f]{64}/g)).toHaveLength(4)
  })

  test('submitters tell what they may speak about and how they sign', async () => {
    const shown = await text('/submitters/')
    expect(shown).toContain('revoked 2026-11-19')
    expect(shown).toContain('cells gce/* , images *')
  })

  test('an image tells its digest, where it is, who approved it and its packages', async () => {
    const shown = await text(await linkIn('/', /\/?image\/sha256-/))
    expect(shown).toContain('of the file that was uploaded')
    expect(shown).toContain('Ada Example')
    expect(shown).toMatch(
      /decided no-go by every-cloud for release-team on 2026-11-19 ?: 1 satisfied, 1 unsatisfied, 1 missing/,
    )
    expect(shown).toMatch(/missing boots on every cloud: platform=azure, boot=uefi no result/)
    expect(shown).toMatch(/ami-0[0-9a-f]{16}/)
    expect(shown).toContain('openssh-server')
  })

  test('images can be chosen by what tells them apart, without script', async () => {
    const found = await page('/images/')
    expect(found).not.toContain('<script')
    const value = /<option value="(f\d-\d)">fedora<\/option>/.exec(found)?.[1] ?? ''
    const rows = [...found.matchAll(/<tr class="([^"]*)">\s*<th scope="row"><a[^>]*>([^<]*)/g)]
    const chosen = rows.filter(([, classes = '']) => classes.split(' ').includes(value)).map(([, , name]) => name)
    expect(new Set(chosen)).toEqual(new Set(['fedora-43']))
    expect(chosen).toHaveLength(6)
    const style = String((await site.answer('/style.css')).body)
    expect(style).toContain(`main:has(option[value="${value}"]:checked) .${value.split('-')[0]}:not(.${value})`)
  })

  test('what is not there is a page of its own', async () => {
    for (const path of [
      '/nothing/',
      '/cell/x/',
      '/run/zz/',
      '/result/',
      '/images/more/',
      '/constructor/',
      '//evil.example/',
      '/grid/x/..%2f',
    ]) {
      expect([path, (await site.answer(path)).status]).toEqual([path, 404])
    }
    expect((await site.answer(`/log/${'a'.repeat(64)}.txt`)).status).toBe(404)
  })

  test('an address without its last slash leads to the one with it, and nowhere else', async () => {
    expect(await site.answer('/coverage')).toMatchObject({ status: 301, location: './coverage/' })
    expect(await site.answer('/cell/lxd/debian-12/small/container')).toMatchObject({ location: './container/' })
    expect((await site.answer('//coverage')).location).toBe('./coverage/')
  })

  test('the same archive gives the same bytes within a minute', async () => {
    for (const path of ['/', '/grid/debian-13/', '/coverage/']) expect(await page(path)).toBe(await page(path))
  })

  test('an archive of nothing has pages that say so', async () => {
    await using empty = await modelArchive({ images: [], builds: 0 })
    await empty.query('DELETE FROM waiver')
    await empty.query('DELETE FROM submitter')
    const none = new Site(empty, { harness: '0.1.0', now: () => NOW })
    expect(await text('/', none)).toContain('Nobody has submitted a result.')
    for (const path of ['/images/', '/coverage/', '/issues/', '/waivers/', '/submitters/']) await page(path, none)
  })
})

describe('export', () => {
  test('every page that is linked is there, and links stay inside', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'site-'))
    try {
      const out = join(folder, 'pages')
      const report = await exportSite(site, out)
      expect(report.pages).toBeGreaterThan(300)
      const files = await readdir(out, { recursive: true })
      expect(files).toContain('index.html')
      expect(files).toContain('cell/lxd/debian-12/small/container/index.html')
      expect(files.filter((file) => file.endsWith('.txt'))).toHaveLength(1)
      // Twice in a row is one site, not two.
      await exportSite(site, out)
      expect(await readdir(folder)).toEqual(['pages'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a link to nothing is a fault of the export', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'site-'))
    try {
      const broken = {
        answer: async (path: string) =>
          path === '/'
            ? { status: 200 as const, type: 'text/html', body: '<a href="gone/">x</a>', forever: false }
            : {
                status: path.endsWith('/') ? (404 as const) : (200 as const),
                type: 'text/css',
                body: '',
                forever: false,
              },
      }
      await expect(exportSite(broken, join(folder, 'pages'))).rejects.toThrow('a page links to /gone/')
      expect(await readdir(folder)).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

const BAD = ['<script', '<img', '<iframe', 'javascript:', ' style=', '\u202E', '\u0007']

describe('hostile text', () => {
  const HOSTILE = `"><script>window.pwned=1</script><img src=x onerror=window.pwned=2>'&amp;\u202E\u0007`

  test('is text in every page', async () => {
    await using evil = await modelArchive({ images: ['debian-12'], builds: 3, hostile: HOSTILE })
    const shown = new Site(evil, { harness: '0.1.0', now: () => NOW })
    const folder = await mkdtemp(join(tmpdir(), 'site-'))
    try {
      const out = join(folder, 'pages')
      await exportSite(shown, out)
      let seen = 0
      for (const file of await readdir(out, { recursive: true })) {
        if (!file.endsWith('.html')) continue
        const source = await readFile(join(out, file), 'utf8')
        expect([file, BAD.find((text) => source.includes(text))]).toEqual([file, undefined])
        if (source.includes('&lt;script&gt;')) seen++
      }
      expect(seen).toBeGreaterThan(20)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
