import { describe } from 'vitest'
import { connectOpenSsh } from '../../../src/instance/transport/openssh.ts'
import { connectSsh2 } from '../../../src/instance/transport/ssh2.ts'
import type { Transport } from '../../../src/instance/transport/transport.ts'
import { describeTransport } from '../../conformance/transport-contract.ts'
import { noSshd, startSshd } from './sshd.ts'

describe.skipIf(noSshd)(`real sshd${noSshd ? ` (${noSshd})` : ''}`, () => {
  for (const [name, connect] of [
    ['ssh2', connectSsh2],
    ['openssh', connectOpenSsh],
  ] as const) {
    describeTransport(name, async () => {
      const sshd = await startSshd()
      const transport = await connect(sshd.target())
      return closing(transport, () => sshd[Symbol.asyncDispose]())
    })
  }
})

function closing(transport: Transport, then: () => Promise<void>): Transport {
  const close = transport.close.bind(transport)
  transport.close = async () => {
    await close()
    await then()
  }
  return transport
}
