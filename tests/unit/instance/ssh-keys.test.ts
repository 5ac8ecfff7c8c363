import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { redact } from '../../../src/core/redact.ts'
import { newSshIdentity } from '../../../src/instance/ssh-keys.ts'
import { parseHostKeys } from '../../../src/instance/transport/ssh-target.ts'

test.skipIf(!existsSync('/usr/bin/ssh-keygen'))(
  'ssh-keygen reads the private key and finds the same public key (needs: apt-get install openssh-client)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'keys-'))
    for (let round = 0; round < 5; round++) {
      const { publicKey, privateKey } = newSshIdentity('c'.repeat(round))
      writeFileSync(join(folder, `key${round}`), privateKey, { mode: 0o600 })
      const found = execFileSync('ssh-keygen', ['-y', '-f', join(folder, `key${round}`)], { encoding: 'utf8' })
      expect(found.trim()).toBe(publicKey.trim())
    }
    rmSync(folder, { recursive: true })
  },
)

test('every key is another, and the private one is masked in texts', () => {
  const [a, b] = [newSshIdentity('x'), newSshIdentity('x')]
  expect(a.publicKey).not.toBe(b.publicKey)
  expect(redact(`key: ${a.privateKey}`)).toBe('key: ***')
})

test('host keys are read from plain, commented and known_hosts lines', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB'
  expect(parseHostKeys([key, `${key} root@x`, `[h]:2222 ${key}`, '', '# note']).map(({ type }) => type)).toEqual(
    Array(3).fill('ssh-ed25519'),
  )
  expect(() => parseHostKeys(['nonsense'])).toThrow('is not an SSH host key')
  expect(() => parseHostKeys([`@revoked h ${key}`])).toThrow('is not an SSH host key')
})
