import { PrerequisiteError } from './errors.ts'

/**
 * Imports an optional package when it is first needed.
 * @throws PrerequisiteError with the install command when the package is missing.
 */
export async function lateImport<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
      throw new PrerequisiteError(`the package ${name} is not installed`, { hint: `npm install ${name}`, cause: error })
    }
    throw error
  }
}
