import { join } from 'node:path'

/** Where the private LXD lives and what it calls its things. */
export interface LxdSettings {
  /** Its `LXD_DIR`. */
  dir: string
  socket: string
  bridge: string
  /** First address with prefix length, `10.88.13.1/24`; undefined: a free one is chosen. */
  subnet: string | undefined
  pool: string
  logFile: string
  /** Process id of a daemon that no service manager watches. */
  pidFile: string
  /** Name of the systemd unit where there is systemd. */
  unit: string
}

/**
 * Defaults, and what `HARNESS_LXD_DIR`, `HARNESS_LXD_BRIDGE` and `HARNESS_LXD_SUBNET` say instead. Two sets of settings that differ in
 * directory and bridge can live side by side.
 */
export function lxdSettings(env: NodeJS.ProcessEnv = process.env): LxdSettings {
  const dir = env.HARNESS_LXD_DIR || '/var/lib/harness/lxd'
  const bridge = env.HARNESS_LXD_BRIDGE || 'harnessbr0'
  return {
    dir,
    socket: join(dir, 'unix.socket'),
    bridge,
    subnet: env.HARNESS_LXD_SUBNET || undefined,
    pool: 'default',
    logFile: `${dir}.log`,
    pidFile: `${dir}.pid`,
    unit: bridge === 'harnessbr0' ? 'harness-lxd' : `harness-lxd-${bridge}`,
  }
}
