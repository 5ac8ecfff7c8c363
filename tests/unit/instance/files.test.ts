import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Account } from '../../../src/instance/account.ts'
import { Line, type Opening } from '../../../src/instance/line.ts'

let dir = ''
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'instance-files-'))))
afterAll(() => rm(dir, { recursive: true }))

/** An account whose line only tells how it was asked for. */
function unreachable(): { account: Account; asked: Opening[] } {
  const asked: Opening[] = []
  const connect = (options: Opening) => {
    asked.push(options)
    return Promise.reject(new Error('no line'))
  }
  return { account: new Account(new Line(connect), 'login'), asked }
}

test('a local file that cannot be pushed is the fault of the caller, and the machine is not asked', async () => {
  const { account, asked } = unreachable()
  const missing = join(dir, 'nosuch')
  await expect(account.push(missing, '/x')).rejects.toMatchObject({
    name: 'ConfigError',
    blame: 'user',
    message: `cannot read ${missing} on this host: no such file or directory`,
    hint: expect.stringContaining('push copies from this host'),
  })
  const socket = join(dir, 'socket')
  const server = createServer().listen(socket)
  await once(server, 'listening')
  await expect(account.push(socket, '/x')).rejects.toMatchObject({
    name: 'ConfigError',
    message: `cannot read ${socket} on this host: no such device or address`,
  })
  server.close()
  expect(asked).toEqual([])
})

test('a pull to where no file can be is refused before anything is read', async () => {
  const { account, asked } = unreachable()
  await writeFile(join(dir, 'file'), '')
  const refusal = (message: string) => ({ name: 'ConfigError', blame: 'user', message, hint: expect.any(String) })
  const nowhere = join(dir, 'nodir', 'x')
  await expect(account.pull('/etc/hostname', nowhere)).rejects.toMatchObject(
    refusal(`cannot write ${nowhere} on this host: there is no folder ${join(dir, 'nodir')}`),
  )
  const below = join(dir, 'file', 'x')
  await expect(account.pull('/etc/hostname', below)).rejects.toMatchObject(
    refusal(`cannot write ${below} on this host: there is no folder ${join(dir, 'file')}`),
  )
  await expect(account.pull('/etc/hostname', dir)).rejects.toMatchObject(
    refusal(`cannot write ${dir} on this host: it is a folder`),
  )
  await expect(account.pull('/etc/hostname', '/proc/self/x')).rejects.toMatchObject(
    refusal('cannot write /proc/self/x on this host: no such file or directory'),
  )
  expect(asked).toEqual([])
})

test('the signal of a pull also ends the opening of the line', async () => {
  const { account, asked } = unreachable()
  const { signal } = new AbortController()
  await expect(account.pull('/etc/hostname', join(dir, 'hostname'), { signal })).rejects.toThrow('no line')
  expect(asked).toMatchObject([{ signal }])
})
