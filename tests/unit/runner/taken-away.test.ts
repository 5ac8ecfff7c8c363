import { randomInt } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { TransportError } from '../../../src/core/errors.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'
import { classify } from '../../../src/runner/cell/classify.ts'
import { parseFaults } from '../../../src/simulate/faults.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'
import { loadSimulator } from '../../../src/simulate/simulators.ts'

vi.setConfig({ testTimeout: 60_000 })

test.each(['ec2', 'azure', 'gce'])(
  'a spot machine of %s that is taken away in the middle is the doing of the provider; the next attempt is on demand',
  async (cloud) => {
    await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0, sshPort: randomInt(20_000, 30_000) })
    const kind = await loadSimulator(cloud)
    const faults = parseFaults('interrupt:x1')
    await using simulator = await kind.start({ backend, images: {}, pendingMs: 10, delayMs: 0, faults })
    await using session = await openPlatformNamed(cloud, { ...simulator.options, market: 'spot' })
    const instance = await session.launch({ image: 'debian-13', name: 'h-taken' })
    expect(instance.machine.placement).toContain('spot')
    // What a check sees is a line that broke.
    const broken = new TransportError('lost', 'the line was closed')
    const found = await waitUntil({ what: 'the interruption', deadlineMs: 20_000 }, async () => {
      const told = await classify(broken, instance)
      return told.error.name === 'TransportError' ? { done: false, saw: 'a broken line' } : { done: true, value: told }
    })
    expect(found).toMatchObject({
      status: 'miss',
      retryable: true,
      error: { name: 'PlatformError', blame: 'provider' },
    })
    expect(found.error.message).toMatch(/spot/i)
    const again = await session.launch({
      image: 'debian-13',
      name: 'h-taken-2',
      owner: { ...session.owner, attempt: 2 },
    })
    expect(again.machine.placement).toContain('on demand')
    await again.destroy()
    await instance.destroy()
  },
)
