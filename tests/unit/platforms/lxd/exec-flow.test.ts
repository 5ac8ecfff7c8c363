import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { Channel } from '../../../../src/platforms/lxd/channel.ts'
import { FlowSink } from '../../../../src/platforms/lxd/exec-flow.ts'

function setUp() {
  const calls: string[] = []
  const channel = { pause: () => calls.push('pause'), resume: () => calls.push('resume') } as unknown as Channel
  const taken: (() => void)[] = []
  const target = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done) })
  const flow = new FlowSink(target)
  flow.attach(channel)
  return { calls, taken, target, flow }
}

test('the channel stops while the stream is full', async () => {
  const { calls, taken, flow } = setUp()
  flow.write(Buffer.from('ab'))
  flow.write(Buffer.from('cd'))
  expect(calls).toEqual(['pause'])
  while (taken.length > 0) {
    taken.shift()?.()
    await new Promise(setImmediate)
  }
  expect(calls).toEqual(['pause', 'resume'])
})

test('a stream that is ended while it is full does not hold the channel for ever', async () => {
  const { calls, taken, target, flow } = setUp()
  flow.write(Buffer.from('ab'))
  flow.detach()
  expect(calls).toEqual(['pause', 'resume'])
  target.end()
  taken.shift()?.()
  await new Promise(setImmediate)
  expect(calls).toEqual(['pause', 'resume'])
})
