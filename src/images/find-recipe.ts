import { ConfigError } from '../core/errors.ts'
import type { Recipe } from './recipe.ts'
import { debianRecipes } from './recipes/debian.ts'

/** Every recipe that ships with the harness, in the order they should be listed. */
export const recipes: readonly Recipe[] = [...debianRecipes]

/** The shipped recipe of that name (`debian-13`), or undefined. */
export function findRecipe(name: string): Recipe | undefined {
  return recipes.find((recipe) => recipe.name === name)
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
