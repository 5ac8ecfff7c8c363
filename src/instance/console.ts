import type { Machine } from './machine.ts'

// A host out of inotify instances stops systemd too, but that says nothing about the image.
const SIGNS: readonly [RegExp, string][] = [
  [/Kernel panic - not syncing[^\n]{0,160}/, 'the kernel panicked'],
  [
    /You are in (?:emergency|rescue) mode|Entering emergency mode|Give root password for (?:maintenance|system maintenance)/i,
    'it is in an emergency shell',
  ],
  [
    /ALERT![^\n]{0,120}does not exist|\(initramfs\)|Gave up waiting for (?:root file system|suspend\/resume) device/,
    'it stopped in the initramfs',
  ],
  [/dracut-initqueue[^\n]{0,80}timeout/, 'it stopped in the initramfs'],
  [
    /Freezing execution|Failed to (?:allocate manager|mount early API|load early init)(?![^\n]{0,40}Too many open files)[^\n]{0,120}/,
    'systemd could not start',
  ],
  [
    /grub rescue>|error: no such (?:device|partition)|No bootable device|Boot failed: not a bootable disk/i,
    'the boot loader found nothing to boot',
  ],
  // What UEFI does when no boot entry works: it refuses unsigned loaders, asks for a key, or opens its own shell.
  [
    /BdsDxe: failed to (?:load|start) [^\n]{0,200}(?:Access Denied|Security Violation)/,
    'the firmware refused the boot loader',
  ],
  [/BdsDxe: No bootable option or device was found|startup\.nsh/, 'the firmware found nothing to boot'],
  [
    /can't open \/dev\/tty1?: No such[^\n]{0,80}init|No working init found|Requested init [^\n]{0,80}failed/,
    'there is no working init',
  ],
  // What LXC says.
  [/Failed to exec "[^"\n]{1,80}"/, 'it has no init that can be run'],
]

/** What a console says about a machine that cannot be reached, or undefined when it is silent about it. */
export function classifyConsole(console: string): string | undefined {
  for (const [sign, meaning] of SIGNS) {
    const match = sign.exec(console)
    if (match) return `${meaning} ("${match[0].trim()}")`
  }
  return endlessBoots(console)
}

/** What a boot that came to its end shows. */
const FINISHED = /(?:Reached target (?:multi-user|Multi-User)|finished at [^\n]{0,40} Datasource| login: )/g
const BEGINS: readonly RegExp[] = [/systemd \S{1,60} running in system mode/g, /\bLinux version \d/g]
/** An image may reboot twice on its own while it is set up. */
const MANY_BOOTS = 4

/** Boots that follow each other, none of which came to its end. */
function endlessBoots(console: string): string | undefined {
  const last = [...console.matchAll(FINISHED)].at(-1)?.index ?? 0
  const since = console.slice(last)
  const boots = Math.max(...BEGINS.map((begin) => [...since.matchAll(begin)].length))
  return boots >= MANY_BOOTS ? `it booted ${boots} times without coming to the end` : undefined
}

const TAIL_CHARS = 16_384

/** The end of the console, or empty where there is none. Never rejects: it is only evidence. */
export async function consoleTail(machine: Machine): Promise<string> {
  if (!machine.capabilities.has('console')) return ''
  try {
    return (await machine.consoleLog()).slice(-TAIL_CHARS)
  } catch {
    return ''
  }
}
