import { isDeepStrictEqual } from 'node:util'

type Options = Readonly<Record<string, unknown>>

/** Names of options that sign in: `access-token`, `access-key-id`, `secret-access-key`, `session-token`, `password`. */
const CREDENTIAL = /(?:^|-)(?:secret|token|password|passphrase|access-key)(?:-|$)/

/** Options of a platform as they may be written down. Who signs in again brings credentials along, or the SDK finds them. */
export function withoutCredentials(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !CREDENTIAL.test(name)))
}

/** The options among those given that are the written ones and their credentials; the written ones when none are. */
export function withCredentials(written: Options, given: readonly Options[]): Options {
  return given.find((options) => isDeepStrictEqual(withoutCredentials(options), { ...written })) ?? written
}
