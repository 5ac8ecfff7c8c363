import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { runHost } from '../../../src/core/subprocess.ts'
import { openPlatformNamed } from '../../../src/platforms/open-platform.ts'

const HARNESS = join(import.meta.dirname, '../../../harness')

test('harness simulate ec2 serves what it prints, tells each call, and ends at Ctrl-C', async () => {
  const args = ['simulate', 'ec2', '--backend', 'memory', '--fault', 'throttle:DescribeImages:x1']
  const child = spawn(HARNESS, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    const options = /^options of the platform: (.*)$/.exec(line)?.[1]
    if (options !== undefined) {
      await launchThere(JSON.parse(options) as Record<string, unknown>)
      child.kill('SIGINT')
    }
  }
  expect(await exited).toBe(0)
  expect(lines[0]).toMatch(/^Amazon EC2 \(simulated, machines: memory\): http:\/\/127\.0\.0\.1:\d+$/)
  expect(lines).toContainEqual(expect.stringMatching(/^DescribeImages 503 RequestLimitExceeded \d+ ms$/))
  expect(lines).toContainEqual(expect.stringMatching(/^DescribeImages 200 \d+ ms$/))
})

async function launchThere(options: Record<string, unknown>): Promise<void> {
  await using session = await openPlatformNamed('ec2', options)
  const image = await session.resolveImage('debian-12')
  expect(image.distribution).toBe('debian')
  await using machine = await session.launch({ image: image.id })
  expect(await machine.waitUntilReady()).toMatchObject({ cloudInit: { status: 'done' } })
}

test('harness simulate azure writes its certificate where a matrix expects it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'harness-certificate-'))
  const file = join(folder, 'new', 'azure.pem')
  const child = spawn(HARNESS, ['simulate', 'azure', '--backend', 'memory', '--certificate', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  try {
    for await (const line of createInterface({ input: child.stdout }))
      if (line.startsWith('options of the platform: ')) child.kill('SIGTERM')
    expect(await readFile(file, 'utf8')).toContain('BEGIN CERTIFICATE')
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  expect(await exited).toBe(0)
})

test('harness simulate ec2 --behaviours tells what is documented and what is assumed', async () => {
  const text = await runHost([HARNESS, 'simulate', 'ec2', '--behaviours'], { deadlineMs: 60_000 })
  expect(text).toContain('(documented: https://docs.aws.amazon.com/')
  expect(text).toContain('(assumed)')
})
