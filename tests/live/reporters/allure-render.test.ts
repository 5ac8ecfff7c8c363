import { spawnSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderAllure, writeReports } from '../../../src/reporters/index.ts'
import { samplePath } from '../../unit/reporters/sample.ts'

const missing = spawnSync('java', ['-version']).error ? 'no java: apt-get install default-jre-headless' : ''

let dir = ''
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'allure-'))))
afterAll(() => rm(dir, { recursive: true, force: true }))

test.skipIf(missing !== '')(
  `Allure renders our results into one offline page${missing && ` (skipped: ${missing})`}`,
  async () => {
    await copyFile(samplePath('failing'), join(dir, 'events.jsonl'))
    await writeReports(dir, { formats: ['allure'] })
    const page = await readFile(await renderAllure(dir), 'utf8')
    expect(page).not.toContain('googletagmanager')
    const widget = /widgets\/summary\.json['"],\s*['"]([A-Za-z0-9+/=]+)['"]/.exec(page)?.[1] ?? ''
    expect(JSON.parse(Buffer.from(widget, 'base64').toString('utf8'))).toMatchObject({
      statistic: { failed: 6, broken: 1, total: 38 },
    })
  },
)
