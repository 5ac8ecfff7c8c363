import { UnsupportedError } from '../../core/errors.ts'
import type { Recipe } from '../recipe.ts'

/** Ends the name of a disk's root file system in the cache, where the same recipe also has one for containers. */
const DISK_SUFFIX = '.disk'

/** The recipe of the same image as a disk: its packages, files and scripts, and those that only a disk gets. @throws UnsupportedError */
export function diskRecipe(recipe: Recipe): Recipe {
  const { disk, ...base } = recipe
  if (!disk) {
    throw new UnsupportedError(
      `${recipe.name} cannot be built as a disk for ${recipe.architecture}: no boot loader is known`,
    )
  }
  // the image goes by the name of its recipe, whatever it is packed as
  const named = base.files.map((file) =>
    file.content === undefined ? file : { ...file, content: file.content.replaceAll('{{name}}', recipe.name) },
  )
  return {
    ...base,
    name: `${recipe.name}${DISK_SUFFIX}`,
    description: `${recipe.description}, as a disk`,
    packages: [...new Set([...base.packages, ...disk.packages])],
    files: [...named, ...disk.files],
    scripts: [...base.scripts, ...disk.scripts],
  }
}
