import { access } from 'node:fs/promises'
import { mkdir, mkdtemp, rm, writeFile, copyFile, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { insideRun } from '../../../src/reporters/run-files.ts'
import { writeReports } from '../../../src/reporters/index.ts'
import { sampleRun, samplePath, type SampleName } from '../../unit/reporters/sample.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const missing = await access(CHROMIUM).then(
  () => '',
  () => `no browser at ${CHROMIUM}: apt-get install chromium`,
)

let dir = ''
let browser: Browser | undefined
const pages: Page[] = []
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'html-'))))
afterAll(async () => {
  await browser?.close()
  await rm(dir, { recursive: true, force: true })
})

/** A run folder with its logs and facts, and all reports but those of Allure. */
async function runFolder(name: SampleName): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder, { recursive: true })
  await copyFile(samplePath(name), join(folder, 'events.jsonl'))
  const run = await sampleRun(name)
  for (const { file } of run.cells.flatMap((cell) => [...cell.logs, ...cell.facts])) {
    const path = insideRun(folder, file)
    if (path === undefined || /[<>:]/.test(file)) continue
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `first line\n${'x'.repeat(9000)}\nlast <b>line</b> of ${file}\n`)
  }
  await writeReports(folder, { formats: ['html', 'junit', 'markdown'] })
  return folder
}

describe.skipIf(missing !== '')(`in a browser${missing && ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  })

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close()
  })

  async function open(name: SampleName, options: { javaScriptEnabled?: boolean; width?: number } = {}) {
    const folder = await runFolder(name)
    const context = await browser?.newContext({
      javaScriptEnabled: options.javaScriptEnabled ?? true,
      viewport: { width: options.width ?? 1280, height: 900 },
    })
    const page = await context?.newPage()
    if (!page) throw new Error('the browser did not start')
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => request.url().startsWith('file:') || complaints.push(`loads ${request.url()}`))
    await page.goto(`file://${folder}/index.html`)
    pages.push(page)
    return { page, folder, complaints }
  }

  test('hostile text runs nothing and raises no complaint', async () => {
    const { page, complaints } = await open('hostile')
    await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    await page.waitForTimeout(200)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(complaints).toEqual([])
    expect(await page.locator('img, iframe, object, embed, [onerror], [onclick]').count()).toBe(0)
  })

  test('a script that got into the page would still not run', async () => {
    const { page, folder } = await open('failing')
    const file = join(folder, 'index.html')
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace(
        '<main>',
        '<main><script>window.pwned=1</script><img src=x onerror="window.pwned=2">',
      ),
    )
    await page.goto(`file://${file}`)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
  })

  test('every link leads to something that is there', async () => {
    const { page, folder } = await open('failing')
    const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
    expect(links.length).toBeGreaterThan(15)
    for (const link of links.filter((href) => !href.startsWith('https:'))) {
      if (link.startsWith('#')) expect([link, await page.locator(link).count()]).toEqual([link, 1])
      else await expect(access(join(folder, decodeURIComponent(link)))).resolves.toBeUndefined()
    }
  })

  test('the filter finds judgements, and the page is whole without script', async () => {
    const { page, complaints } = await open('failing')
    await page.getByRole('searchbox').fill('host-keys rest')
    await expect.poll(() => page.locator('#filter output').textContent()).toBe('2 found')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('button', { name: 'failed', exact: true }).click()
    const rows = page.locator('.checks tbody tr:visible')
    expect(await rows.count()).toBeGreaterThan(4)
    expect(await rows.evaluateAll((all) => all.every((row) => row.getAttribute('data-status') === 'fail'))).toBe(true)
    expect(complaints).toEqual([])
    const plain = await open('failing', { javaScriptEnabled: false })
    expect(await plain.page.locator('#filter').isVisible()).toBe(false)
    expect(await plain.page.locator('details.all summary').first().isVisible()).toBe(false)
    expect(await plain.page.locator('.problem').first().isVisible()).toBe(true)
  })

  test.each([390, 1280])('at %i pixels nothing sticks out', async (width) => {
    for (const name of ['failing', 'hostile', 'interrupted'] as const) {
      const { page } = await open(name, { width })
      await page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, width])
    }
  })

  test('parts can be reached by keyboard', async () => {
    const { page } = await open('passing')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the cells')
    await page.locator('#cell-1 summary').first().focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('#cell-1 .gantt').isVisible()).toBe(true)
  })
})
