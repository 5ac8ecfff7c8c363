import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { findCheckFiles, loadCheckFiles } from '../../../src/runner/checks/load-checks.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-info-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const GOOD = {
  title: 'it holds',
  because: 'it must',
  source: 'the manual, section 1',
  severity: 'major',
  phase: 'first-boot',
}

async function load(info: object, suite: 'policy' | 'regression' = 'policy'): Promise<readonly string[]> {
  const file = join(folder, `checks-${Math.random()}.ts`)
  writeFileSync(
    file,
    `import { ${suite} } from 'harness/testing'\n${suite}('mine', ${JSON.stringify(info)}, async () => {})\n`,
  )
  return [...(await loadCheckFiles(await findCheckFiles([file], []))).keys()]
}

test.each<[string, object, string, string?]>([
  ['a slip in the severity', { severity: 'majr' }, 'severity: "majr" is none of blocker, major, minor', 'major'],
  [
    'a slip in the phase',
    { phase: 'frst-boot' },
    'phase: "frst-boot" is none of rest, first-boot, after-reboot, pair, outside',
    'first-boot',
  ],
  [
    'a slip in one phase of several',
    { phase: ['first-boot', 'after-boot'] },
    'phase.1: "after-boot" is none of rest, first-boot, after-reboot, pair, outside',
    'after-reboot',
  ],
  ['no phase', { phase: undefined }, 'phase is missing'],
  ['a slip in the tier', { tier: 'smok' }, 'tier: "smok" is none of smoke, standard, full', 'smoke'],
  [
    'a platform nobody knows',
    { applies: { platforms: ['lxdd'] } },
    'applies.platforms.0: "lxdd" is none of azure, ec2, fake, gce, lxd, qemu, ssh',
    'lxd',
  ],
  [
    'a word for a list',
    { applies: { platforms: 'lxd' } },
    'applies.platforms: Invalid input: expected array, received string',
  ],
  ['a slip in a name', { applies: { platfroms: ['lxd'] } }, 'applies.platfroms is not known', 'platforms'],
  ['another slip in a name', { sevrity: 'major', severity: undefined }, 'sevrity is not known', 'severity'],
  ['no title', { title: undefined }, 'title is missing'],
  ['an empty reason', { because: ' ' }, 'because: is empty'],
  ['no source', { source: undefined }, 'source is missing'],
])('%s is refused with file and check', async (_, change, message, meant) => {
  const failure: unknown = await load({ ...GOOD, ...change }).catch((error: unknown) => error)
  if (!(failure instanceof ConfigError)) throw new Error('it was accepted')
  expect(failure.message.replace(/^.*\/checks-[\d.]+\.ts: /, '')).toBe(`mine: ${message}`)
  expect(failure.hint).toBe(meant === undefined ? undefined : `did you mean "${meant}"?`)
})

test('what an executable or a regression check may say is accepted, and fields of an author', async () => {
  const { phase: _, ...good } = GOOD
  expect(await load({ ...GOOD, owner: 'us', phase: ['first-boot', 'rest'] })).toEqual(['mine'])
  const applies = { identities: 'any', capabilities: ['reboot'], axes: { disk: 'extra-*' } }
  expect(await load({ ...good, instance: 'own', disruptive: true, applies }, 'regression')).toEqual(['mine'])
  await expect(load({ ...good, applies: { capabilities: ['rebot'] } }, 'regression')).rejects.toThrow('"rebot" is none')
})

test('a file that never finishes loading is refused after a while', { timeout: 20_000 }, async () => {
  const file = join(folder, 'endless.ts')
  writeFileSync(file, 'export const never = await new Promise(() => {})\n')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const loading = loadCheckFiles({ modules: [file], scripts: [] }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(60_000)
    const error = await loading
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({
      message: expect.stringContaining('is still loading after 1 min'),
      position: { file },
    })
  } finally {
    vi.useRealTimers()
  }
})
