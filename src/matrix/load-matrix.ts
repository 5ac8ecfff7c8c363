import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import { fillIn } from './from-environment.ts'
import { type Matrix, matrixSchema } from './schema.ts'
import { parseYaml, type Path } from './yaml-source.ts'

/** A matrix with the place of each of its parts, for messages. */
export interface LoadedMatrix {
  file: string
  matrix: Matrix
  positionOf: (path: Path) => SourcePosition
  /** Checks the options of platforms by their schemas. @throws ConfigError with line and column */
  checkOptions: (schemas: Readonly<Record<string, z.ZodType>>) => void
}

/** Reads `matrix.yaml`. @throws ConfigError with line and column */
export async function loadMatrix(file: string): Promise<LoadedMatrix> {
  return parseMatrix(await readText(file, 'give another file with --matrix'), file)
}

/**
 * Checks the text of a matrix; `file` is used in messages.
 * @param environment what the variables it lists are replaced by
 * @throws ConfigError with line and column
 */
export function parseMatrix(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): LoadedMatrix {
  const { value, positionOf, mustFit } = parseYaml(text, file, matrixSchema, (document, at) =>
    fillIn(document, text, at, environment),
  )
  const checkOptions: LoadedMatrix['checkOptions'] = (schemas) => {
    const known = Object.entries(schemas).map(([name, options]) => [name, z.looseObject({ options })] as const)
    mustFit(z.looseObject({ platforms: z.looseObject(Object.fromEntries(known)) }))
  }
  return { file, matrix: value, positionOf, checkOptions }
}

/** @throws ConfigError when `file` cannot be read */
export async function readText(file: string, hint: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot be read: ${(error as Error).message}`, { position: { file }, hint, cause: error })
  }
}
