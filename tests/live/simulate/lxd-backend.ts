import { HarnessError } from '../../../src/core/errors.ts'
import { loadPlatform } from '../../../src/platforms/open-platform.ts'
import type { Backend } from '../../../src/simulate/backend.ts'
import { openBackend } from '../../../src/simulate/open-backend.ts'

/** Containers of the LXD of this host behind a simulated cloud, or why there are none, with the command that lifts it. */
export async function lxdBackend(): Promise<{ backend?: Backend; missing?: string }> {
  try {
    const [first] = (await (await loadPlatform('lxd')).doctor({})).filter(({ ok, optional }) => !ok && !optional)
    if (first) return { missing: `${first.detail}: ${first.fix ?? 'run harness doctor'}` }
    return { backend: await openBackend('lxd') }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { missing: `${error.message}: ${error.hint ?? 'run harness doctor'}` }
  }
}
