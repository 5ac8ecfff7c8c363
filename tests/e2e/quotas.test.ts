import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startEc2 } from '../../src/simulate/ec2/simulator.ts'
import { MemoryBackend } from '../../src/simulate/memory/memory-backend.ts'
import { harness } from './cli.ts'

it('a plan keeps within the quota of the account, and a cell that can never get its part is refused before it is launched', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harness-quotas-'))
  await using simulator = await startEc2({ backend: new MemoryBackend(), images: {}, quota: 1 })
  const matrix = join(folder, 'matrix.yaml')
  const axes = { platform: ['ec2'], image: ['debian-13'] }
  writeFileSync(matrix, JSON.stringify({ axes, platforms: { ec2: { options: simulator.options } } }))
  try {
    const plan = await harness(['plan', '--matrix', matrix])
    expect(plan.code).toBe(0)
    expect(plan.stdout).toContain('The quota of ec2 in eu-west-1: 2 of 2 vCPUs may be used.')
    const run = await harness(['run', '--matrix', matrix, '--reports-dir', join(folder, 'reports'), '--yes'])
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('units of ec2/eu-west-1/vcpus')])
    expect(simulator.calls.map(({ operation }) => operation)).not.toContain('RunInstances')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
