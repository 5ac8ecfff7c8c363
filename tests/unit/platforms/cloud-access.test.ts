import { expect, test, vi } from 'vitest'
import { UnsupportedError } from '../../../src/core/errors.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'

vi.setConfig({ testTimeout: 60_000 })

test.each([
  ['ec2', 'EC2 Instance Connect Endpoint'],
  ['azure', 'Azure Bastion'],
  ['gce', 'Identity-Aware Proxy'],
])('%s refuses access without inbound SSH before anything is made', async (cloud, way) => {
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  const kind = await loadSimulator(cloud)
  await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0 })
  await using session = await openPlatformNamed(cloud, { ...simulator.options, access: 'tunnel' })
  const refused = session.launch({ image: 'debian-13' })
  await expect(refused).rejects.toBeInstanceOf(UnsupportedError)
  await expect(refused).rejects.toThrow(way)
  expect(simulator.calls.filter(({ operation }) => /put|insert|Run|Create|Import/.test(operation))).toEqual([])
})
