import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanText } from '../../core/text.ts'
import { classifyConsole } from '../../instance/console.ts'
import { CONSOLE, CONSOLE_BYTES } from './arguments.ts'

const MAX_BYTES = 4 * 1024 * 1024
const CUT = '[... the console before this is not shown ...]\n'
const FULL = `\n[... the console showed more than ${CONSOLE_BYTES / 1024 ** 2} MiB; the rest was not kept ...]\n`
/** A sign of a dead machine must be among the last things it showed: what went on after it was not the end. */
const LAST_BYTES = 4096

/** Everything the serial console has shown since the machine was made: the last 4 MiB of the first 16. */
export async function readConsole(dir: string): Promise<string> {
  return await readEnd(dir, MAX_BYTES, CUT)
}

/** What systemd says when a disk or a port of the guest did not come up in its time. */
const LATE_DEVICE = /Timed out waiting for device [^\n]{0,120}/

/** The device a boot waited for in vain, as the console tells. */
export async function lateDevice(dir: string): Promise<string | undefined> {
  return LATE_DEVICE.exec(cleanText(await readEnd(dir, MAX_BYTES, '')))?.[0].trim()
}

/** Whether the last thing the console showed is something no machine gets out of by itself. */
export async function consoleSaysDead(dir: string): Promise<boolean> {
  const end = await readEnd(dir, LAST_BYTES, '')
  return classifyConsole(end) !== undefined && !/Rebooting in \d+ seconds/.test(end)
}

async function readEnd(dir: string, maxBytes: number, cut: string): Promise<string> {
  try {
    await using file = await open(join(dir, CONSOLE), 'r')
    const { size } = await file.stat()
    const length = Math.min(size, maxBytes)
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await file.read(bytes, 0, length, size - length)
    return `${size > maxBytes ? cut : ''}${bytes.toString('utf8', 0, bytesRead)}${size >= CONSOLE_BYTES ? FULL : ''}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
