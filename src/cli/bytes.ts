import { ConfigError } from '../core/errors.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** Bytes of a size as people write it: `500M`, `20G`, `1.5 TiB`. @throws ConfigError */
export function toBytes(text: string, option: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]?)(?:iB|B)?$/.exec(text) ?? []
  const bytes = Math.round(Number(number) * (UNITS[unit] ?? NaN))
  if (number === '' || !Number.isSafeInteger(bytes))
    throw new ConfigError(`${option} ${text} is not a size`, { hint: `for example ${option} 20G` })
  return bytes
}
