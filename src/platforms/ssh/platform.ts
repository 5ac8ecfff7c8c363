import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import type { Machine } from '../../instance/machine.ts'
import { definePlatform } from '../platform.ts'
import type { LaunchRequest, PlatformImage, PlatformSession, Prerequisite } from '../platform.ts'
import { connect } from './client.ts'
import { toPlatformError } from './errors.ts'
import { SshMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import { readOptions } from './options.ts'
import type { Options, Settings } from './options.ts'

/** The image word that stands for "whatever runs on that machine". */
export const EXISTING = 'existing'

class SshSession implements PlatformSession {
  readonly manifest = manifest
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  async resolveImage(reference: string): Promise<PlatformImage> {
    if (reference !== EXISTING) throw notFound(`there is no image "${reference}" on a machine reached by SSH`)
    return {
      id: EXISTING,
      digest: undefined,
      distribution: '',
      release: '',
      architecture: '',
      variant: '',
      description: `the system on ${this.#settings.host}`,
    }
  }

  /** Nothing is created: the machine that is there is used, after one login has shown that it can be. */
  async launch(request: LaunchRequest): Promise<Machine> {
    await this.resolveImage(request.image)
    if (request.userData !== undefined || request.vendorData !== undefined || request.networkConfig !== undefined) {
      throw new UnsupportedError('a machine that runs already takes no user-data, vendor-data or network-config')
    }
    try {
      const transport = await connect(this.#settings, {
        deadlineMs: request.deadlineMs,
        ...(request.signal ? { signal: request.signal } : {}),
      })
      await transport.close()
    } catch (error) {
      throw toPlatformError(error)
    }
    return new SshMachine(this.#settings)
  }

  async attach(id: string): Promise<Machine> {
    const machine = new SshMachine(this.#settings)
    if (id !== machine.id) throw notFound(`this session reaches ${machine.id}, not ${id}`)
    return machine
  }

  async resources(): Promise<never[]> {
    return []
  }

  async remove(): Promise<void> {}

  async close(): Promise<void> {}
}

function notFound(message: string): PlatformError {
  return new PlatformError('not-found', message, { hint: `the only image is "${EXISTING}"` })
}

export type { Options } from './options.ts'

export default definePlatform<Options>({
  manifest,
  open: async (options) => new SshSession(await readOptions(options)),
  doctor: async (options) => [await examine(options)],
})

async function examine(options: Options): Promise<Prerequisite> {
  const name = 'login'
  try {
    const settings = await readOptions(options)
    const transport = await connect(settings, { deadlineMs: 10_000 })
    await transport.close()
    return { name, ok: true, detail: `${settings.user}@${settings.host}:${settings.port} answers` }
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string }
    return { name, ok: false, detail: message, ...(hint === undefined ? {} : { fix: hint }) }
  }
}
