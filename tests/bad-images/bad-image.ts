import type { Overlay } from '../../src/images/index.ts'

/** Who must notice. */
export interface Catch {
  by: 'policy' | 'regression' | 'log-rule' | 'boot'
  /** Check or log rule. For `boot`, the instance must not become ready. */
  id: string
  /** Earliest phase in which it shows. */
  phase: 'rest' | 'first-boot' | 'after-reboot' | 'pair' | 'regression'
}

/** An image made bad on purpose, in one way, with the check that exists for it. */
export interface BadImage {
  name: string
  overlay: Overlay
  caught: Catch
  /** Other checks that rightly fail because of the same fault. */
  also?: readonly string[]
}

interface Change extends Pick<Overlay, 'files' | 'edits'> {
  /** Configuration of cloud-init, in a file of its own. */
  cfg?: string
}

/** A fault that shows in the root file system before it ever boots. */
export function atRest(
  name: string,
  id: string,
  description: string,
  change: Change,
  also: readonly string[] = [],
): BadImage {
  return bad(name, { by: 'policy', id, phase: 'rest' }, description, change, also)
}

/** A fault that shows when the image runs. */
export function running(
  name: string,
  caught: Catch,
  description: string,
  change: Change,
  also: readonly string[] = [],
): BadImage {
  return bad(name, caught, description, change, also)
}

function bad(
  name: string,
  caught: Catch,
  description: string,
  { cfg, files = [], edits = [] }: Change,
  also: readonly string[],
): BadImage {
  const own = cfg === undefined ? [] : [{ path: `/etc/cloud/cloud.cfg.d/99_bad-${name}.cfg`, content: cfg }]
  const overlay = {
    name: `bad-${name}`,
    description: `bad on purpose: ${description}`,
    files: [...own, ...files],
    edits,
  }
  return { name, caught, also, overlay }
}

/** What a module of cloud-init that fails takes with it: the status, the stage with its unit, and the state of the system. */
export const MODULE_FAILED = [
  'ci-first-boot-clean',
  'log-ci-module-failed',
  'log-sd-unit-failed',
  'reg-ci-no-traceback',
  'reg-ci-no-warnings',
  'reg-ci-result',
  'reg-ci-status-first',
  'reg-ci-units',
  'reg-journal-baseline',
  'reg-svc-failed',
]

/** What a warning of cloud-init takes with it: a boot with a recoverable error is not a clean one. */
export const WARNED = ['ci-first-boot-clean', 'reg-ci-no-warnings']

/** A unit that fails is in the journal and in the state of the system. */
export const UNIT_FAILED = ['log-unclassified', 'reg-journal-baseline', 'reg-svc-failed']

/** An instance without an address. */
export const NO_NETWORK = [
  ...UNIT_FAILED,
  'log-net-wait-timeout',
  'net-dhcp-default',
  'reg-boot-ssh',
  'reg-net-dns',
  'reg-net-no-leftover',
  'reg-no-wait-timeout',
]

/** An SSH server that cannot say how it is set up, so that no rule about it can be judged. */
export const NO_SSHD = [
  ...UNIT_FAILED,
  'reg-boot-ssh',
  'ssh-config-valid',
  'ssh-password-auth-off: error',
  'ssh-root-login-restricted: error',
]
