import type { SpaceOptions } from '../matrix/space.ts'
import type { PlatformFacts } from '../matrix/platform-facts.ts'
import { type ImageNames, imagePaths, isDiskPath, knownImages } from '../matrix/image-names.ts'
import type { LoadedMatrix } from '../matrix/load-matrix.ts'
import { dirname, isAbsolute, resolve } from 'node:path'

/** What platforms, distributions and recipes say of themselves, for a matrix. @throws ConfigError for a recipe that cannot be read */
export async function matrixFacts(loaded: LoadedMatrix): Promise<Required<SpaceOptions>> {
  const [{ platforms }, { DISTRIBUTIONS }, { loadRecipe }, { hostArchitecture }] = await Promise.all([
    import('../platforms/registry.gen.ts'),
    import('../distros/distributions.ts'),
    import('../images/index.ts'),
    import('../images/recipe.ts'),
  ])
  const facts = (name: string): PlatformFacts | undefined => {
    if (!Object.hasOwn(platforms, name)) return undefined
    const { architectures, ...rest } = platforms[name as keyof typeof platforms].manifest
    // Somewhere else may be anything.
    const host =
      architectures === 'host' ? (isElsewhere(loaded, name) ? undefined : [hostArchitecture()]) : architectures
    return { ...rest, ...(host ? { architectures: host } : {}) }
  }
  const images = new Map(knownImages(loaded, undefined))
  for (const text of imagePaths(loaded)) {
    if (isDiskPath(text)) {
      const known = images.get(text)
      const [, distribution = '', release = ''] = /^([a-z]+)-([^-]+)/.exec(known?.name ?? '') ?? []
      if (known && DISTRIBUTIONS.some(({ id, aliases }) => id === distribution || aliases.includes(distribution)))
        images.set(text, { ...known, distribution, release })
      continue
    }
    const path = isAbsolute(text) ? text : resolve(dirname(loaded.file), text)
    const { name, distribution, release } = await loadRecipe(path)
    images.set(text, { name, path, distribution, release })
  }
  return {
    platforms: facts,
    releases: (name) => {
      const found = DISTRIBUTIONS.find(({ id, aliases }) => id === name || aliases.includes(name))
      return found?.releases.flatMap(({ version, codename }) =>
        codename === undefined ? [version] : [version, codename],
      )
    },
    images: images satisfies ImageNames,
  }
}

function isElsewhere(loaded: LoadedMatrix, platform: string): boolean {
  return Object.hasOwn(loaded.matrix.platforms?.[platform]?.options ?? {}, 'url')
}
