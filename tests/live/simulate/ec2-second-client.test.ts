import { join } from 'node:path'
import { expect, test } from 'vitest'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import simulator from '../../../src/simulate/ec2/simulator.ts'
import { MemoryBackend } from '../../../src/simulate/memory/memory-backend.ts'

/** That of the system: the packages of Debian are not seen by others. */
const PYTHON = '/usr/bin/python3'

const installed = await probeHost([PYTHON, '-c', 'import boto3'], { deadlineMs: 30_000 }).catch(() => undefined)
const missing = installed?.exitCode === 0 ? '' : ' (skipped: boto3 is not installed: apt-get install python3-boto3)'

test.skipIf(missing !== '')(`boto3 and the waiters of botocore agree with the simulated EC2${missing}`, async () => {
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  await using running = await simulator.start({ backend, images: {}, pendingMs: 100, delayMs: 100 })
  const script = join(import.meta.dirname, 'ec2-second-client.py')
  const output = await runHost([PYTHON, script, running.endpoint], {
    deadlineMs: 120_000,
    env: { ...process.env, ...running.environment },
  })
  expect(JSON.parse(output)).toEqual({
    image: 'debian-13-amd64-20260801-2190',
    state: { Code: 0, Name: 'pending' },
    'id-form': 'i-',
    token: true,
    'other-parameters': ['IdempotentParameterMismatch', 400],
    name: 'second & <third>',
    address: expect.stringMatching(/^127$/),
    volumes: 1,
    'launch-time': true,
    console: true,
    'dry-run': ['DryRunOperation', 412],
    malformed: ['InvalidAMIID.Malformed', 400],
    'too-large': ['InvalidParameterValue', 400],
    'unknown-id': ['InvalidInstanceID.NotFound', 400],
    'not-here': ['UnsupportedOperation', 501],
    'snapshot-in-use': ['InvalidSnapshot.InUse', 400],
    'start-terminated': ['IncorrectInstanceState', 400],
    pages: [5, 5, 1],
    keys: [],
  })
})
