import { PrerequisiteError } from '../core/errors.ts'

/**
 * Passes on an optional package that was imported. One that is not there is said with the command that brings it.
 * @param needs what needs the packages, for the message
 * @throws PrerequisiteError when it is not installed
 */
export async function loadPackage<T>(needs: string, packages: readonly string[], load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!absent || !packages.some((name) => error.message.includes(`'${nameOf(name)}`))) throw error
    throw new PrerequisiteError(`${needs} needs ${packages.map(nameOf).join(', ')}, which is optional`, {
      hint: `npm install ${packages.join(' ')}`,
      cause: error,
    })
  }
}

/** `@scope/name@1.2.3` without the version. */
function nameOf(spec: string): string {
  const at = spec.lastIndexOf('@')
  return at > 0 ? spec.slice(0, at) : spec
}
