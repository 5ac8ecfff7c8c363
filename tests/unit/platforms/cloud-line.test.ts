import { expect, test } from 'vitest'
import { hostKeysIn } from '../../../src/platforms/cloud-line.ts'

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIL6Zc1f2R0Ql4mC2TzS3Wf5lq0kqXJmYp3n7v9u1sT2w'

test('host keys are those of the last boot that printed them, whatever stands before the lines', () => {
  const old = `-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 ${KEY.replace('L6', 'AA')} root@old\n-----END SSH HOST KEY KEYS-----\n`
  const now = `[   9.1] cloud-init[1]: -----BEGIN SSH HOST KEY KEYS-----\r\n[ 9.2] ci-info: ssh-ed25519 ${KEY} root@new\r\necdsa-sha2-nistp256 ${KEY}${KEY}= root@new\n-----END SSH HOST KEY KEYS-----\n`
  expect(hostKeysIn(old + now)).toEqual([`ssh-ed25519 ${KEY}`, `ecdsa-sha2-nistp256 ${KEY}${KEY}=`])
  expect(hostKeysIn('')).toEqual([])
  expect(hostKeysIn(`ssh-ed25519 ${KEY} outside of a block`)).toEqual([])
})
