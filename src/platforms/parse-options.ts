import type { z } from 'zod'
import { ConfigError } from '../core/errors.ts'

/** What a caller gave to a platform, as its schema wants it. @throws ConfigError naming platform and key */
export function parseFor<Schema extends z.ZodType>(
  platform: string,
  what: 'option' | 'launch setting',
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ConfigError(
    `bad ${what} of platform ${platform}: ${[...(issue?.path ?? []), issue?.message].map(String).join(': ')}`,
  )
}
