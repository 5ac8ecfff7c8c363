import { join } from 'node:path'
import { expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { startAzure } from '../../../src/simulate/azure/simulator.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'

/** That of the system: the packages of Debian are not seen by others. */
const PYTHON = '/usr/bin/python3'

const installed = await probeHost([PYTHON, '-c', 'import libcloud'], { deadlineMs: 30_000 }).catch(() => undefined)
const missing =
  installed?.exitCode === 0 ? '' : ' (skipped: libcloud is not installed: apt-get install python3-libcloud)'

test.skipIf(missing !== '')(`libcloud agrees with the simulated Azure${missing}`, async () => {
  await using running = await startAzure({
    backend: new MemoryBackend({ bootMs: 0, agentMs: 0 }),
    images: { 'debian-13': 'debian-13' },
    pendingMs: 50,
    delayMs: 0,
  })
  const { hostname, port } = new URL(running.endpoint)
  const { ca, subscription } = running.options as { ca: string; subscription: string }
  const script = join(import.meta.dirname, 'azure-second-client.py')
  const output = await runHost([PYTHON, script, hostname, port, ca, subscription], { deadlineMs: 180_000 })
  expect(JSON.parse(output)).toEqual({
    sizes: expect.arrayContaining(['Standard_B2s', 'Standard_D2s_v5']) as unknown,
    groups: ['by-libcloud'],
    networks: ['net'],
    image: ['Debian', '13-gen2'],
    created: ['machine', { 'made-by': 'libcloud' }],
    listed: ['machine', 'running', 1, 1],
    everywhere: ['machine'],
    attached: true,
    'of the machine': true,
    detached: true,
    volumes: ['machine'],
    rebooted: true,
    missing: [404, true],
    nowhere: [404, true],
    'in use': [400, true],
    gone: true,
    'address gone': true,
    left: [],
  })
})
