import { expect, test } from 'vitest'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { restartInstance } from '../../../../src/platforms/lxd/power.ts'
import { answer, fakeDaemon, refuse } from './fake-daemon.ts'

const STATE = '/1.0/instances/one/state'
const RUNNING = 103
const STOPPED = 102

test('a guest that ends before LXD looks is started again', async () => {
  let pid = 100
  const asked: string[] = []
  await using daemon = await fakeDaemon({
    [`GET ${STATE}`]: (...call) => answer({ status_code: pid > 0 ? RUNNING : STOPPED, pid })(...call),
    [`PUT ${STATE}`]: (request, response, body) => {
      const { action } = JSON.parse(body.toString()) as { action: string }
      asked.push(action)
      let handler = answer(null)
      if (action === 'start') pid = 200
      else if (pid === 0) handler = refuse(500, 'The instance is already stopped')
      else {
        pid = 0
        handler = refuse(500, 'Failed shutting down instance, status is "Running": shutting down the container failed')
      }
      handler(request, response, body)
    },
  })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  await restartInstance(client, 'one', { deadlineMs: 5000 })
  expect(asked).toEqual(['restart', 'restart', 'start'])
  client.close()
})
