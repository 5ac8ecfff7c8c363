import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { startGce } from '../../../src/simulate/gce/simulator.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'

/** That of the system: the packages of Debian are not seen by others. */
const PYTHON = '/usr/bin/python3'

const installed = await probeHost([PYTHON, '-c', 'import libcloud'], { deadlineMs: 30_000 }).catch(() => undefined)
const missing =
  installed?.exitCode === 0 ? '' : ' (skipped: libcloud is not installed: apt-get install python3-libcloud)'

test.skipIf(missing !== '')(`libcloud agrees with the simulated Compute Engine${missing}`, async () => {
  await using running = await startGce({
    backend: new MemoryBackend({ bootMs: 0, agentMs: 0 }),
    images: { 'debian-13': 'debian-13' },
    pendingMs: 50,
    delayMs: 0,
  })
  const folder = await mkdtemp(join(tmpdir(), 'libcloud-'))
  try {
    // A token that libcloud takes for one it was given before.
    const token = { access_token: 'any', token_type: 'Bearer', expires_in: 3600, expire_time: '2099-01-01T00:00:00Z' }
    const file = join(folder, 'token')
    await writeFile(file, JSON.stringify(token), { mode: 0o600 })
    const { hostname, port } = new URL(running.endpoint)
    const script = join(import.meta.dirname, 'gce-second-client.py')
    const output = await runHost([PYTHON, script, hostname, port, file], { deadlineMs: 180_000 })
    expect(JSON.parse(output)).toEqual({
      zones: ['europe-west1', 'europe-west4', 'us-central1'].flatMap((region) =>
        ['a', 'b', 'c'].map((zone) => `${region}-${zone}`),
      ),
      sizes: expect.arrayContaining(['c4a-standard-1', 'e2-small', 't2a-standard-1']) as unknown,
      networks: ['default'],
      image: 'debian-13-v20261110',
      created: ['by-libcloud', 'running', 1],
      labels: { 'made-by': 'libcloud' },
      metadata: ['color', 'user-data'],
      listed: ['by-libcloud'],
      attached: true,
      disks: 2,
      detached: true,
      'volume gone': true,
      serial: true,
      stopped: true,
      state: 'stopped',
      started: true,
      rebooted: true,
      twice: 'alreadyExists',
      missing: null,
      gone: true,
      left: [],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
