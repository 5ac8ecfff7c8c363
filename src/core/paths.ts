import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where ledgers and the state of a private LXD live. `HARNESS_STATE_DIR`, else `$XDG_STATE_HOME/harness`, else `~/.local/state/harness`. */
export function stateDir(): string {
  return (
    process.env.HARNESS_STATE_DIR || join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'harness')
  )
}

/** Where images and other things that can be made again live. `HARNESS_CACHE_DIR`, else `$XDG_CACHE_HOME/harness`, else `~/.cache/harness`. */
export function cacheDir(): string {
  return process.env.HARNESS_CACHE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'harness')
}
