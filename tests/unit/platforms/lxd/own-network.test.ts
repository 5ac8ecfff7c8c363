import { expect, test } from 'vitest'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { removeNetwork } from '../../../../src/platforms/lxd/own-network.ts'
import { answer, fakeDaemon, refuse } from './fake-daemon.ts'

const NETWORK = '/1.0/networks/hn1'
const VANISHING =
  'Failed to delete bridge children interfaces: Failed to run: ip -d -j link show veth1: exit status 1 (Device "veth1" does not exist.)'

test('a network whose last card is just going away is removed again, one that is in use is not', async () => {
  let refusals = 2
  await using daemon = await fakeDaemon({
    [`DELETE ${NETWORK}`]: (...call) => (refusals-- > 0 ? refuse(400, VANISHING) : answer(null))(...call),
    'DELETE /1.0/networks/used': refuse(400, 'The network is currently in use'),
  })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  await removeNetwork(client, 'hn1')
  expect(daemon.seen).toHaveLength(3)
  await removeNetwork(client, 'gone')
  await expect(removeNetwork(client, 'used')).rejects.toThrow(/in use/)
  client.close()
})
