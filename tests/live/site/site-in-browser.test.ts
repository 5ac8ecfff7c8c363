import { access, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parseIssue } from '../../../src/known-issues/load-issues.ts'
import { CONTENT_POLICY, Site } from '../../../src/site/index.ts'
import { modelArchive, NOW, type ModelArchive } from '../../fixtures/site/model-archive.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const missing = await access(CHROMIUM).then(
  () => '',
  () => `no browser at ${CHROMIUM}: apt-get install chromium`,
)
const HOSTILE = `"><script>window.pwned=1</script><img src=x onerror="window.pwned=2">'&\u202E`

/** Every kind of page. The dynamic ones are found by their links. */
const KINDS = [
  '',
  'images/',
  'coverage/',
  'issues/',
  'waivers/',
  'submitters/',
  'grid/debian-12/',
  'issue/time:late/',
] as const

const LATE = parseIssue(
  `id: time:late
version: 2
title: the clock is late
culprit: image
when: { image: debian-sid }
contains: [the clock of]
samples: { hit: ['the clock of x was 3 seconds late'], miss: ['it is right'] }
`,
  'late.yaml',
)

describe.skipIf(missing !== '')(`pages in a browser${missing && ` (skipped: ${missing})`}`, () => {
  let browser: Browser
  let server: Server
  let calm: ModelArchive
  let evil: ModelArchive
  const pages: Page[] = []
  let base = ''

  beforeAll(async () => {
    calm = await modelArchive({ builds: 4 })
    evil = await modelArchive({ images: ['debian-12', 'debian-sid'], builds: 2, hostile: HOSTILE })
    const sites = new Map([
      ['calm', new Site(calm, { harness: '0.1.0', now: () => NOW, issues: [LATE] })],
      ['evil', new Site(evil, { harness: '0.1.0', title: HOSTILE, now: () => NOW, issues: [LATE] })],
    ])
    server = createServer((request, response) => {
      const [, which = '', ...rest] = decodeURIComponent(request.url ?? '').split('/')
      void (async () => {
        const answer = await sites.get(which)?.answer(`/${rest.join('/')}`)
        response.writeHead(answer?.status ?? 404, {
          'content-type': answer?.type ?? 'text/plain',
          'content-security-policy': `${CONTENT_POLICY}; frame-ancestors 'none'`,
          'x-content-type-options': 'nosniff',
          ...(answer?.location === undefined ? {} : { location: answer.location }),
        })
        response.end(answer?.body)
      })()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close()
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    await calm?.[Symbol.asyncDispose]()
    await evil?.[Symbol.asyncDispose]()
  })

  async function open(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`))
    page.on('request', (request) => request.url().startsWith(base) || complaints.push(`loads ${request.url()}`))
    pages.push(page)
    return { page, complaints }
  }

  const known = new Map<string, Promise<string[]>>()

  /** Addresses of one page of every kind. */
  function everyKind(which: 'calm' | 'evil'): Promise<string[]> {
    const found = known.get(which) ?? findKinds(which)
    known.set(which, found)
    return found
  }

  async function findKinds(which: 'calm' | 'evil'): Promise<string[]> {
    const { page } = await open({ javaScriptEnabled: true })
    const found: string[] = KINDS.map((path) => `${base}/${which}/${path}`)
    const follow = async (from: string, patterns: readonly string[]) => {
      await page.goto(from)
      for (const pattern of patterns) {
        const link = page.locator(`main a[href*="${pattern}"]`).last()
        found.push(await link.evaluate((element) => (element as { href: string }).href))
      }
    }
    await follow(`${base}/${which}/`, ['image/sha256', 'run/', 'check/'])
    await follow(`${base}/${which}/grid/debian-sid/`, ['cell/', 'result/', 'compare/'])
    return found
  }

  test('hostile text runs nothing, loads nothing and raises no complaint, on any page', async () => {
    const addresses = await everyKind('evil')
    expect(addresses.length).toBeGreaterThan(12)
    const { page, complaints } = await open()
    for (const address of addresses) {
      await page.goto(address)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
      expect([address, await page.evaluate('window.pwned')]).toEqual([address, undefined])
      const foreign = page.locator('script, img, iframe, object, embed, form[action], [style], [onerror], [onclick]')
      expect([address, await foreign.count()]).toEqual([address, 0])
    }
    expect(complaints).toEqual([])
  })

  test('a script that got into a page would still not run', async () => {
    const { page, complaints } = await open()
    const address = `${base}/calm/`
    await page.route(address, async (route) => {
      const response = await route.fetch()
      const body = (await response.text()).replace(
        '<main',
        '<script>window.pwned=1</script><img src=x onerror="window.pwned=2"><svg onload="window.pwned=3"></svg><main',
      )
      await route.fulfill({ response, body })
    })
    await page.goto(address)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(complaints.filter((text) => /Content Security Policy/.test(text)).length).toBeGreaterThan(1)
  })

  test('axe finds no fault in any page, in light and dark and on a phone', async () => {
    const axe = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
    // The policy of the pages forbids scripts; the one of this test is let in.
    const { page } = await open({ bypassCSP: true })
    const check = async (address: string, what: string, options: string) => {
      const { violations } = (await page.evaluate(`axe.run(${options})`)) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
      }
      const told = violations.map(({ id, nodes }) => [id, nodes[0]?.html.slice(0, 300), nodes[0]?.failureSummary])
      expect([address, what, told]).toEqual([address, what, []])
    }
    for (const address of await everyKind('calm')) {
      await page.goto(address)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
      await page.evaluate(axe)
      await page.emulateMedia({ colorScheme: 'light' })
      await check(address, 'light', '')
      await page.emulateMedia({ colorScheme: 'dark' })
      await check(address, 'dark', "{ runOnly: ['color-contrast'] }")
      await page.setViewportSize({ width: 390, height: 844 })
      await check(address, 'phone', "{ runOnly: ['target-size', 'scrollable-region-focusable'] }")
      await page.setViewportSize({ width: 1280, height: 900 })
    }
  })

  test('nothing sticks out of a page, on a small phone, a phone and a screen', async () => {
    const { page } = await open()
    for (const address of [...(await everyKind('calm')), ...(await everyKind('evil'))]) {
      await page.goto(address)
      await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
      for (const width of [1280, 390, 320]) {
        await page.setViewportSize({ width, height: 900 })
        const wide = await page.evaluate('document.documentElement.scrollWidth')
        expect([address, wide]).toEqual([address, width])
      }
    }
  })

  test('choices narrow the images without script, and can be taken back', async () => {
    const { page } = await open({ javaScriptEnabled: false })
    await page.goto(`${base}/calm/images/`)
    const rows = page.locator('.finder tbody tr:visible')
    const all = await rows.count()
    await page.getByLabel('distribution').selectOption({ label: 'fedora' })
    expect(await rows.count()).toBe(4)
    await page.getByLabel('build').selectOption({ label: 'newest' })
    expect(await rows.count()).toBe(1)
    expect(await rows.locator('th').textContent()).toBe('fedora-43')
    await page.getByRole('button', { name: 'Show all' }).click()
    expect(await rows.count()).toBe(all)
  })

  test('everything can be reached by keyboard', async () => {
    const { page } = await open({ javaScriptEnabled: true })
    await page.goto(`${base}/calm/`)
    const focused = async () => await page.evaluate("document.activeElement?.textContent?.trim() ?? ''")
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('To the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement?.id')).toBe('content')
    const seen: unknown[] = []
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab')
      seen.push(await focused())
    }
    expect(seen).toContain('debian-12')
    await page.locator('.grid a, .matrix a').first().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/grid/debian-12/')
    expect(await page.title()).toContain('debian-12')
  })

  test('paper shows what is folded, and neither navigation nor choices', async () => {
    const addresses = await everyKind('calm')
    const { page } = await open()
    await page.emulateMedia({ media: 'print' })
    await page.goto(addresses.find((address) => address.includes('/image/')) ?? '')
    expect(await page.locator('header nav').isVisible()).toBe(false)
    expect(await page.locator('details.all table').isVisible()).toBe(true)
    await page.goto(`${base}/calm/images/`)
    expect(await page.locator('.facets').isVisible()).toBe(false)
    expect((await page.pdf()).length).toBeGreaterThan(10_000)
  })
})
