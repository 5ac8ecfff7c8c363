import { describe, expect, test } from 'vitest'
import { image, openBench, text, whyNoLxd } from './open-lxd.ts'
import type { Machine } from '../../../src/instance/machine.ts'

const skip = await whyNoLxd()
const SEEN = 'ls /sys/class/net; for disk in /mnt/disk*; do findmnt -no TARGET "$disk"; done'

describe.skipIf(skip)(`lxd disks and network cards of a launch${skip ? ` (skipped: ${skip})` : ''}`, () => {
  test(`${image} has them when it boots first, a copy has only its own, and nothing is left`, async () => {
    const bench = await openBench()
    const seen = async (machine: Machine) => {
      const line = await machine.connect({ deadlineMs: 60_000 })
      const { stdout } = await line.exec({ command: SEEN, deadlineMs: 20_000 })
      await line.close()
      return text(stdout).trim().split('\n')
    }
    const machine = await bench.launch({ disks: [{ sizeGiB: 1 }, { sizeGiB: 2 }], nics: 1 })
    let copy: Machine | undefined
    try {
      expect(await seen(machine)).toEqual(['eth0', 'eth1', 'lo', '/mnt/disk1', '/mnt/disk2'])
      const snapshot = await machine.snapshot('base', { deadlineMs: 60_000 })
      copy = await bench.launch({ image: snapshot.id, disks: [{ sizeGiB: 1 }] })
      expect(await seen(copy)).toEqual(['eth0', 'lo', '/mnt/disk1'])
    } finally {
      await machine.destroy()
      await copy?.destroy()
    }
    expect(await bench.session.resources({ runId: bench.owner.runId })).toEqual([])
    await bench.session.close()
  })
})
