import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { CommandError } from '../../../src/instance/command-error.ts'
import { PACKAGE_MANAGERS } from '../../../src/instance/package-managers.ts'
import { openPlatform } from '../../../src/platforms/open-platform.ts'
import type { PlatformOptions } from '../../../src/platforms/open-platform.ts'

async function machine(answers: PlatformOptions<'fake'>['answers'] = []) {
  const session = await openPlatform('fake', {
    world: randomBytes(6).toString('hex'),
    bootMs: 0,
    agentMs: 0,
    ...(answers ? { answers } : {}),
  })
  return await session.launch({ image: 'debian-13' })
}

test('the environment is part of the command and not taken for a program', async () => {
  const instance = await machine([
    {
      command:
        '^export LC_ALL=C.UTF-8\\nexport DEBIAN_FRONTEND=noninteractive\\n[\\s\\S]*apt-get .* install  bash .a b.$',
      stdout: 'installed',
    },
  ])
  expect((await instance.packages.install(['bash', 'a b'])).stdout).toBe('installed')
})

test('a failed installation throws, and is not repeated', async () => {
  const instance = await machine([
    { command: 'apt-get .* install', stderr: 'E: Unable to locate package nope', exitCode: 100 },
  ])
  await expect(instance.packages.install('nope')).rejects.toBeInstanceOf(CommandError)
})

test('a busy lock is waited for until the deadline', async () => {
  const instance = await machine([
    {
      command: 'apt-get .* update',
      stderr: 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 12',
      exitCode: 100,
    },
  ])
  await expect(instance.packages.refresh({ deadline: '100 ms' })).rejects.toThrow('Could not get lock')
})

test('versions come from the list of what is installed', async () => {
  const instance = await machine()
  expect(await instance.packages.manager()).toBe('apt')
  expect([await instance.packages.version('cloud-init'), await instance.packages.version('none')]).toEqual([
    '24.1',
    undefined,
  ])
})

test('every list command is understood by a real shell, and each parser reads its format', () => {
  for (const manager of Object.values(PACKAGE_MANAGERS)) execFileSync('sh', ['-n', '-c', manager.list])
  expect(PACKAGE_MANAGERS.apk.parse('py3-foo-bar-1.2.3_alpha1-r4')).toEqual([['py3-foo-bar', '1.2.3_alpha1-r4']])
  expect(PACKAGE_MANAGERS.apt.parse('config-files\tgone\t1')).toEqual([])
  expect(PACKAGE_MANAGERS.dnf.parse('bash\t5.2-1.el9')).toEqual([['bash', '5.2-1.el9']])
  expect(PACKAGE_MANAGERS.pacman.parse('bash 5.2-1')).toEqual([['bash', '5.2-1']])
})
