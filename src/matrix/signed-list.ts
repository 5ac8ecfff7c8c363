import { ConfigError, type SourcePosition } from '../core/errors.ts'

/** A list changed by `+value` and `-value`, or replaced by one without such signs. @throws ConfigError when both kinds are mixed */
export function changed(list: readonly string[], changes: readonly string[], position: () => SourcePosition): string[] {
  const signed = changes.filter((change) => /^[+-]/.test(change))
  if (signed.length === 0) return [...changes]
  if (signed.length < changes.length)
    throw new ConfigError('give a sign to all of these values or to none', {
      position: position(),
      hint: 'with + and - a list is changed, without them it is replaced',
    })
  let result = [...list]
  for (const change of changes) {
    const value = change.slice(1)
    result = result.filter((other) => other !== value)
    if (change.startsWith('+')) result.push(value)
  }
  return result
}
