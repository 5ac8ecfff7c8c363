import { TransportError } from '../core/errors.ts'
import type { Transport } from '../instance/transport/transport.ts'
import type { CallWaiting } from './cloud-calls.ts'
import type { Owner } from './platform.ts'

/** After its marks expired a machine is left to whoever cleans up for that long, seconds. */
const GRACE_S = 600

/** Where the guest keeps its mark that the timer runs, so that it is set once in a boot. */
export const EXPIRY_UNIT = 'harness-expiry'

/**
 * A shell line, for root, that shuts the machine down when its marks expire. It runs once in every boot, and waits for nothing, for
 * the boot waits for it; an instance that was launched with shutdown behaviour `terminate` is gone then. Nothing is written to disk: the image under test stays as it is.
 */
export function expiryScript({ expires }: Owner): string {
  const at = Math.ceil(Date.parse(expires) / 1000) + GRACE_S
  return [
    `left=$((${at} - $(date +%s)))`,
    '[ $left -gt 60 ] || left=60',
    `if command -v systemd-run >/dev/null 2>&1; then`,
    // Early in a boot it waits for its timer in spite of --no-block (systemd 257), and the timer waits for the boot.
    `(systemctl is-active --quiet ${EXPIRY_UNIT}.timer || systemd-run --no-block --quiet --unit=${EXPIRY_UNIT} --on-active=$left systemctl poweroff) </dev/null >/dev/null 2>&1 &`,
    `elif [ ! -e /run/${EXPIRY_UNIT} ]; then`,
    `: > /run/${EXPIRY_UNIT}; (sleep $left; poweroff) >/dev/null 2>&1 &`,
    'fi',
    ':',
  ].join('\n')
}

/**
 * User-data for a launch that brings none: a boothook of cloud-init, which runs in every boot before anything else, so a machine that
 * nobody ever reached ends too. User-data of a test are never touched; there the timer is set with the first login.
 */
export function expiryUserData(owner: Owner): string {
  return `#cloud-boothook\n#!/bin/sh\n${expiryScript(owner)}\n`
}

/**
 * Sets the timer over a line, once in every boot.
 * @param armed boot in which it was set before
 * @returns the boot in which it is set now
 */
export async function armExpiry(
  line: Transport,
  owner: Owner,
  armed: string | undefined,
  waiting: CallWaiting,
): Promise<string | undefined> {
  const root = line.user === 'root' ? 'sh' : 'sudo -n sh'
  const command = `b=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null); echo "$b"; [ "$b" = "${armed ?? 'none'}" ] || ${root}`
  const deadlineMs = Math.min(20_000, waiting.deadlineMs)
  try {
    const result = await line.exec({
      command,
      stdin: expiryScript(owner),
      deadlineMs,
      ...(waiting.signal ? { signal: waiting.signal } : {}),
    })
    const boot = Buffer.from(result.stdout).toString('utf8').trim().split('\n')[0]
    return result.exitCode === 0 ? boot : armed
  } catch (error) {
    // The line is as good as it was; whether it works is found out by whoever uses it.
    if (error instanceof TransportError) return armed
    throw error
  }
}
