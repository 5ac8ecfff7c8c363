import { expect, test } from 'vitest'
import { classifyConsole } from '../../../src/instance/console.ts'

test.each([
  ['[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', 'panicked'],
  ['You are in emergency mode. After logging in, type "journalctl -xb"', 'emergency'],
  ['ALERT!  UUID=1234 does not exist.  Dropping to a shell!', 'initramfs'],
  ['Failed to mount early API filesystems.\nExiting PID 1...', 'systemd could not start'],
  ['grub rescue> ', 'boot loader'],
  ['BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x0): Access Denied', 'refused'],
  ['No such file or directory - Failed to exec "/sbin/init"', 'has no init that can be run'],
  ['BdsDxe: No bootable option or device was found.', 'firmware found nothing'],
  ['\u001b[40m in 5 seconds to skip \u001b[33mstartup.nsh\u001b[0m or any other key', 'firmware found nothing'],
])('%s', (text, meaning) => {
  expect(classifyConsole(`Linux version 6\n${text}\n`)).toContain(meaning)
})

test.each([
  '',
  'Linux version 6.1\n[  OK  ] Started ssh.service\ndebian login: ',
  'audit: emergency contact is in /etc/motd',
  'BdsDxe: failed to load Boot0001 "UEFI PXEv4": Not Found\nBdsDxe: starting Boot0002 "UEFI Misc Device"',
])('%j tells nothing', (text) => {
  expect(classifyConsole(text)).toBeUndefined()
})

const BOOT = 'systemd 257.8-1 running in system mode (+PAM)\nWelcome to Debian GNU/Linux 13 (trixie)!\n'
const DONE = '[  OK  ] Reached target multi-user.target - Multi-User System.\n'

test('a console with boot after boot and no end of any tells that it is a loop', () => {
  expect(classifyConsole(BOOT.repeat(4))).toBe('it booted 4 times without coming to the end')
  expect(classifyConsole(`${(BOOT + DONE).repeat(3)}${BOOT.repeat(5)}`)).toContain('booted 5 times')
  expect(classifyConsole('[    0.000000] Linux version 6.12.0\n'.repeat(6))).toContain('booted 6 times')
})

test('boots that came to their end, and a few that did not, tell nothing', () => {
  expect(classifyConsole((BOOT + DONE).repeat(9))).toBeUndefined()
  expect(classifyConsole(`${(BOOT + DONE).repeat(9)}${BOOT.repeat(3)}`)).toBeUndefined()
  expect(classifyConsole(`${BOOT.repeat(9)}debian login: `)).toBeUndefined()
})
