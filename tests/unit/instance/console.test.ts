import { expect, test } from 'vitest'
import { classifyConsole } from '../../../src/instance/console.ts'

test.each([
  ['[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', 'panicked'],
  ['You are in emergency mode. After logging in, type "journalctl -xb"', 'emergency'],
  ['ALERT!  UUID=1234 does not exist.  Dropping to a shell!', 'initramfs'],
  ['Failed to mount early API filesystems.\nExiting PID 1...', 'systemd could not start'],
  ['grub rescue> ', 'boot loader'],
])('%s', (text, meaning) => {
  expect(classifyConsole(`Linux version 6\n${text}\n`)).toContain(meaning)
})

test.each([
  '',
  'Linux version 6.1\n[  OK  ] Started ssh.service\ndebian login: ',
  'audit: emergency contact is in /etc/motd',
])('%j tells nothing', (text) => {
  expect(classifyConsole(text)).toBeUndefined()
})
