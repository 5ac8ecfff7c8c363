import { debianArchitecture } from '../core/architecture.ts'
import { ConfigError } from '../core/errors.ts'
import type { Recipe } from './recipe.ts'
import { hostArchitecture } from './recipe.ts'
import { debianRecipes } from './recipes/debian.ts'

/** Every recipe that ships with the harness, for this host, in the order they should be listed. */
export const recipes: readonly Recipe[] = debianRecipes(hostArchitecture())

/** Those for machines of another kind than this host, which emulates them. Their names end in the architecture. */
const foreign: readonly Recipe[] = ['amd64', 'arm64']
  .filter((architecture) => architecture !== hostArchitecture())
  .flatMap(debianRecipes)

/**
 * The shipped recipe of that name (`debian-13`, `debian-13-arm64`), or undefined.
 * @param architecture the one a name without an architecture means; default this host's
 */
export function findRecipe(name: string, architecture?: string): Recipe | undefined {
  const wanted = architecture === undefined ? undefined : `${name}-${debianArchitecture(architecture)}`
  return (
    foreign.find((recipe) => recipe.name === wanted) ?? [...recipes, ...foreign].find((recipe) => recipe.name === name)
  )
}

/**
 * The recipe a user means: the name of a shipped one, or the path of a YAML file.
 * @throws ConfigError naming the known recipes, or the place in the file.
 */
export async function loadRecipe(reference: string): Promise<Recipe> {
  const known = findRecipe(reference)
  if (known) return known
  if (/\.ya?ml$/.test(reference)) {
    const { readRecipeFile } = await import('./recipe-file.ts')
    return readRecipeFile(reference)
  }
  throw new ConfigError(`there is no image recipe "${reference}"`, {
    hint: `known are ${recipes.map((recipe) => recipe.name).join(', ')}; or give the path of a .yaml recipe`,
  })
}
