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

type Change = Pick<Overlay, 'files' | 'edits'>

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

function bad(name: string, caught: Catch, description: string, change: Change, also: readonly string[]): BadImage {
  return {
    name,
    caught,
    also,
    overlay: { name: `bad-${name}`, description: `bad on purpose: ${description}`, ...change },
  }
}
