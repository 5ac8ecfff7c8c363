import { expect, test } from 'vitest'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { removeGuestFile, writeGuestFile } from '../../../../src/platforms/lxd/guest-files.ts'
import { answer, fakeDaemon, refuse } from './fake-daemon.ts'

const GONE = 'dial unix /proc/self/fd/652/forkfile.sock: connect: no such file or directory'
const FILES = '/1.0/instances/one/files'

test('a call that met the files helper as it ended is made again, with its whole body', async () => {
  const bodies: string[] = []
  await using daemon = await fakeDaemon({
    [`POST ${FILES}`]: (request, response, body) => {
      bodies.push(body.toString())
      const handler = bodies.length < 3 ? refuse(500, GONE) : answer(null)
      handler(request, response, body)
    },
  })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  await writeGuestFile(client, 'one', Buffer.from('text'), '/etc/file', { deadlineMs: 5000 })
  expect(bodies).toEqual(['text', 'text', 'text'])
  client.close()
})

test('a file that could not be removed is not taken for one that is not there', async () => {
  await using daemon = await fakeDaemon({ [`DELETE ${FILES}`]: refuse(500, GONE) })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  await expect(removeGuestFile(client, 'one', '/etc/machine-id')).rejects.toThrow(/forkfile/)
  client.close()
})
