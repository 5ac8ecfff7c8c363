import { ConfigError } from '../core/errors.ts'

/** Where runs over several machines meet. */
export const DATABASE_OPTION = {
  type: 'string',
  value: 'URL',
  text: 'PostgreSQL where cells wait for workers, as postgresql://USER@HOST/DATABASE; default $HARNESS_DATABASE, which keeps a password out of lists of processes',
} as const

/** @throws ConfigError when there is none */
export function databaseUrl(given: string | undefined): string {
  const url = given ?? process.env['HARNESS_DATABASE']
  if (url) return url
  throw new ConfigError('no database is given', {
    hint: '--database postgresql://USER@HOST/DATABASE, or set HARNESS_DATABASE',
  })
}
