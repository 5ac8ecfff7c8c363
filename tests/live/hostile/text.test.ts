import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { whyNoLxd } from '../lxd/open-lxd.ts'
import { leftOf, startRun, testFolder } from './harness-run.ts'

const skip = await whyNoLxd()
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const noBrowser = await access(CHROMIUM).then(
  () => false,
  () => true,
)

const MARKUP = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'--></style></textarea>]]>'
const MARKDOWN = '[click](javascript:alert(3)) @everyone ``` | ~~~ <details> **bold**'
const COMMANDS = '::error::PWNED\n::stop-commands::x\n##[error]PWNED\n::set-output name=a::b'
const TERMINAL =
  '\u001B]0;owned\u0007\u001B]8;;http://evil.example\u0007link\u001B[2J\u001B[31mred\u009B31m\u202Edesrever\u2066'
const BYTES = Buffer.concat([
  Buffer.from(`${MARKUP}\n${MARKDOWN}\n${COMMANDS}\n${TERMINAL}\n`),
  Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x0a]),
])

const PACKAGE = `
Package: evil
Status: install ok installed
Architecture: all
Version: 1${MARKUP}${MARKDOWN.replaceAll('`', '')}
Maintainer: ${MARKUP}
Description: ${MARKUP}
`

const UNIT = `[Unit]
Description=${MARKUP} ${MARKDOWN}
[Service]
Type=oneshot
ExecStart=/bin/sh -c "cat /etc/payload; cat /etc/payload >&2; exit 1"
[Install]
WantedBy=multi-user.target
`

const b64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64')

/** Everything a guest names itself by, or tells, is an attack. */
const SABOTAGE = `#!/bin/sh
echo ${b64(BYTES)} | base64 -d > /etc/payload
cat /etc/payload > /etc/motd
cat /etc/payload > /etc/issue
echo ${b64(PACKAGE)} | base64 -d >> /var/lib/dpkg/status
echo ${b64(UNIT)} | base64 -d > '/etc/systemd/system/evil-::error::x.service'
systemctl daemon-reload
systemctl start --no-block 'evil-::error::x.service'
{ cat /etc/os-release; echo ${b64(`PRETTY_NAME='${MARKUP.replaceAll("'", '')}'\n`)} | base64 -d; } > /etc/os-release.new
rm -f /etc/os-release; mv /etc/os-release.new /etc/os-release
echo ${b64(MARKUP)} | base64 -d > /etc/hostname
echo ${b64(MARKUP)} | base64 -d | head -c 60 > /proc/sys/kernel/hostname
echo ${b64(`2026-01-01 00:00:00,000 - util.py[WARNING]: Running module ${MARKUP} failed\n`)} | base64 -d >> /var/log/cloud-init.log
cat /etc/payload >> /var/log/cloud-init.log
cat /etc/payload >> /var/log/cloud-init-output.log
cat /etc/payload > /dev/console
logger -p user.err -f /etc/payload
useradd -c '${MARKUP.replaceAll("'", '').replaceAll(':', '')}' evil
`

const userData = `#cloud-config
write_files:
  - path: /root/sabotage
    encoding: b64
    content: ${b64(SABOTAGE)}
runcmd: [[sh, /root/sabotage]]
`

describe.skipIf(skip)(`a guest that attacks the readers of its report${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test('every report is whole and does nothing', { timeout: 400_000 }, async () => {
    using folder = testFolder()
    const run = await startRun({
      folder: folder.path,
      userData,
      matrix: {
        suites: ['policy', 'regression', 'logs'],
        checks: [join(import.meta.dirname, 'checks')],
        timeouts: { boot: '2 minutes', check: '20 seconds', cleanup: '30 seconds' },
      },
      args: ['--filter', '*'],
      env: { GITHUB_ACTIONS: '1' },
    }).ended
    expect(run.cell, run.stderr).toMatchObject({ status: 'fail' })
    expect(run.code).toBe(1)
    const own = run.records.filter(({ id }) => id.startsWith('hostile-') && run.cell)
    expect(own.filter(({ baseline }) => !baseline).map(({ id, status }) => `${id} ${status}`)).toEqual([
      'hostile-output fail',
      'hostile-throw error',
    ])
    // The attack must have got as far as the results, or nothing is shown by this.
    expect(JSON.stringify(own)).toContain('<script>alert(1)')
    expect(await leftOf(run)).toEqual([])

    const events = await readFile(join(run.dir, 'events.jsonl'))
    expect(() => new TextDecoder('utf8', { fatal: true }).decode(events)).not.toThrow()
    for (const line of events.toString().trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow()

    for (const [name, text] of [
      ['stdout', run.stdout],
      ['stderr', run.stderr],
    ] as const) {
      expect(findControls(text), name).toEqual([])
      const lines = text.split('\n').filter((line) => /^\s*(?:::|##\[)/.test(line))
      expect(
        lines.filter((line) => !/^::(?:error|warning|notice) (?:title|file)=[^\n]*::/.test(line)),
        name,
      ).toEqual([])
      expect(lines.join('\n'), name).not.toMatch(/^::error::PWNED/m)
    }

    const markdown = await readFile(join(run.dir, 'summary.md'), 'utf8')
    expect(findControls(markdown)).toEqual([])
    const prose = markdown.replaceAll(/^(`{3,}|~{3,}).*\n[\s\S]*?^\1\s*$/gm, '').replaceAll(/(`+)[^`][\s\S]*?\1/g, '')
    expect(prose).not.toMatch(/<(?:script|img)/)
    expect(prose).not.toMatch(/(?<!\\)\]\(javascript:/)

    for (const file of (await readdir(join(run.dir, 'allure-results'))).filter((name) => name.endsWith('.json'))) {
      const text = await readFile(join(run.dir, 'allure-results', file), 'utf8')
      expect(() => JSON.parse(text) as unknown, file).not.toThrow()
      expect(findControls(text), file).toEqual([])
    }
    const junit = await readFile(join(run.dir, 'junit.xml'), 'utf8')
    expect(findControls(junit)).toEqual([])
    if (!noBrowser) await openInBrowser(join(run.dir, 'index.html'), junit)
  })
})

/** Characters that move a cursor, hide text or turn it round. */
function findControls(text: string): string[] {
  // eslint-disable-next-line no-control-regex
  return [...text.matchAll(/.{0,30}[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069].{0,30}/g)]
    .slice(0, 3)
    .map(([found]) => JSON.stringify(found))
}

async function openInBrowser(page: string, junit: string): Promise<void> {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const tab = await browser.newPage()
    const trouble: string[] = []
    tab.on('dialog', (dialog) => {
      trouble.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    tab.on('request', (request) => {
      if (!request.url().startsWith('file:') || request.url().endsWith('/x')) trouble.push(`request ${request.url()}`)
    })
    tab.on('pageerror', (error) => trouble.push(`error ${error.message}`))
    await tab.goto(pathToFileURL(page).href)
    const shape = await tab.evaluate<Record<string, number | string>>(`(() => {
      const parsed = new DOMParser().parseFromString(${JSON.stringify(junit)}, 'text/xml')
      return {
        images: document.querySelectorAll('img[onerror]').length,
        evil: [...document.querySelectorAll('script')].filter((one) => /^.{0,9}alert/.test(one.textContent)).length,
        links: [...document.links].filter((link) => link.href.startsWith('javascript:')).length,
        xml: parsed.querySelector('parsererror')?.textContent ?? '',
        cases: parsed.querySelectorAll('testcase').length,
        scripts: parsed.querySelectorAll('script, img').length,
      }
    })()`)
    expect(shape).toMatchObject({ images: 0, evil: 0, links: 0, xml: '', scripts: 0 })
    expect(shape.cases).toBeGreaterThan(20)
    expect(trouble).toEqual([])
  } finally {
    await browser.close()
  }
}
