import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runHost } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { expiryScript, expiryUserData } from '../../../src/platforms/guest-expiry.ts'

const owner = (inSeconds: number) => ({
  runId: 'a-run',
  cell: 'a-cell',
  attempt: 1,
  expires: new Date(Date.now() + inSeconds * 1000).toISOString(),
})

/** What `systemd-run` is called with, where a stand-in for it writes that down. */
async function armed(inSeconds: number, then = ':'): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'guest-expiry-'))
  try {
    const said = join(dir, 'said')
    await writeFile(join(dir, 'systemd-run'), `#!/bin/sh\necho "$@" > ${said}.new; mv ${said}.new ${said}; ${then}\n`, {
      mode: 0o755,
    })
    await writeFile(join(dir, 'systemctl'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    const env = { ...process.env, PATH: `${dir}:${process.env['PATH']}` }
    await runHost(['sh', '-c', expiryScript(owner(inSeconds))], { deadlineMs: 10_000, env })
    return await waitUntil({ what: 'systemd-run to be called', deadlineMs: 10_000 }, async () => {
      const text = await readFile(said, 'utf8').catch(() => '')
      return text === '' ? { done: false, saw: 'no call' } : { done: true, value: text }
    })
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('the guest goes down ten minutes after its marks expire, and after a minute at the earliest', async () => {
  const left = Number(/--on-active=(\d+) systemctl poweroff/.exec(await armed(3600))?.[1])
  expect(left).toBeGreaterThan(4190)
  expect(left).toBeLessThanOrEqual(4201)
  expect(await armed(-86_400)).toContain('--on-active=60 ')
})

test('a boot that runs it does not wait for the timer, which waits for the boot', async () => {
  // Longer than the script may take.
  expect(await armed(60, 'exec sleep 11')).toContain('--no-block')
})

test('as user-data it is a boothook, which runs in every boot', () => {
  expect(expiryUserData(owner(60))).toMatch(/^#cloud-boothook\n#!\/bin\/sh\n/)
})
