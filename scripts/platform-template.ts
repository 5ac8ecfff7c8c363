/** The files of a platform that can do nothing yet, by name. They compile and pass lint as they are. */
export function platformFiles(name: string): Record<string, string> {
  return {
    'README.md': readme(name),
    'manifest.ts': manifest(name),
    'options.ts': options(name),
    'client.ts': client(name),
    'errors.ts': errors(name),
    'images.ts': images(name),
    'machine.ts': machine(name),
    'platform.ts': platform(name),
  }
}

const readme = (name: string) => `# ${name}

- Credentials: where they come from, and the least permissions they need.
- Price of one run.
- Quirks, each with its source.
`

const manifest = (name: string) => `import type { PlatformManifest } from '../platform.ts'

export const manifest: PlatformManifest = {
  name: '${name}',
  title: '${name}',
  capabilities: [],
  packages: [],
  instanceTypes: { default: {} },
  defaultInstanceType: 'default',
  boots: ['uefi'],
}
`

const options = (name: string) => `import { z } from 'zod'
import { parseFor } from '../parse-options.ts'

/** What \`platforms.${name}.options\` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Where machines are made. Default: that of the credentials. */
  region: z.string().min(1).optional(),
})

/** Options of \`openPlatform('${name}', ...)\`. */
export type Options = z.infer<typeof optionsSchema>

/** @throws ConfigError naming the option */
export function parseOptions(options: unknown): Options {
  return parseFor('${name}', 'option', optionsSchema, options)
}
`

const client = (name: string) => `import { PrerequisiteError } from '../../core/errors.ts'
import type { Options } from './options.ts'

/** What ${name} is asked to do, in our words. Only this file mentions its SDK, by \`import type\` or \`await import()\`. */
export interface Client {
  close(): Promise<void>
}

/** Signs in. @throws PrerequisiteError without credentials */
export function openClient({ region = 'its default region' }: Options): Promise<Client> {
  return Promise.reject(
    new PrerequisiteError(\`${name} cannot sign in to \${region} yet\`, {
      hint: 'write src/platforms/${name}/client.ts',
    }),
  )
}
`

const errors = (name: string) => `import { PlatformError } from '../../core/errors.ts'

/** The only place where an error of ${name} becomes one of ours. */
export function toPlatformError(error: unknown, doing: string): PlatformError {
  return new PlatformError('unavailable', \`${name} failed while \${doing}\`, { cause: error })
}
`

const images = (name: string) => `import { PlatformError } from '../../core/errors.ts'
import type { PlatformImage } from '../platform.ts'

/** Finds an image by the name people use, for example \`debian-13\`. */
export function findImage(reference: string): Promise<PlatformImage> {
  return Promise.reject(new PlatformError('not-found', \`${name} has no image "\${reference}"\`))
}
`

const machine = (name: string) => `import { PlatformError } from '../../core/errors.ts'
import type { Machine } from '../../instance/machine.ts'
import type { LaunchRequest } from '../platform.ts'

/** Creates a machine. The name in the request is deterministic: adopt or delete what an earlier attempt left under it. */
export function launchMachine(request: LaunchRequest): Promise<Machine> {
  return Promise.reject(new PlatformError('invalid', \`${name} cannot launch "\${request.image}" yet\`))
}

/** The machine with that id. */
export function attachMachine(id: string): Promise<Machine> {
  return Promise.reject(new PlatformError('not-found', \`${name} has no machine "\${id}"\`))
}
`

const platform = (name: string) => `import { definePlatform } from '../platform.ts'
import { openClient } from './client.ts'
import { toPlatformError } from './errors.ts'
import { findImage } from './images.ts'
import { attachMachine, launchMachine } from './machine.ts'
import { manifest } from './manifest.ts'
import { parseOptions } from './options.ts'
import type { Options } from './options.ts'

export default definePlatform<Options>({
  manifest,
  async open(options) {
    const client = await openClient(parseOptions(options))
    return {
      manifest,
      resolveImage: findImage,
      launch: launchMachine,
      attach: attachMachine,
      resources: () => Promise.resolve([]),
      remove: ({ id }) => Promise.reject(toPlatformError(undefined, \`removing \${id}\`)),
      close: () => client.close(),
    }
  },
  doctor: () => Promise.resolve([{ name: '${name}', ok: false, detail: 'not written yet' }]),
})
`
