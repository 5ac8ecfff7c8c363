import { ConfigError } from '../core/errors.ts'

/** A file put into the image. Exactly one of `content` and `source` is set. */
export interface RecipeFile {
  /** Absolute path inside the image. Missing parent directories are made, mode 0755. */
  path: string
  /** Default 0o644. */
  mode?: number
  /** `{{serial}}`, `{{release}}`, `{{codename}}` and `{{name}}` are filled in. */
  content?: string
  /** Absolute path of a file on the host. */
  source?: string
}

/** A script run as root inside the unpacked image, by its own `#!` line or `/bin/sh`. A non-zero exit fails the build. */
export interface RecipeScript {
  name: string
  content: string
}

/** An archive as the image itself will be configured. The host may download the same suites from a mirror of its own. */
export interface RecipeArchive {
  uri: string
  suites: readonly string[]
  components: readonly string[]
  /** Path of the keyring, the same on the host and in the image. */
  signedBy: string
}

/** What an image is made of: plain data. Nothing here names a moment in time or a mirror of the host. */
export interface Recipe {
  /** File-system safe; the name a matrix refers to. */
  name: string
  description: string
  distribution: string
  release: string
  codename: string
  variant: string
  /** As the distribution spells it: `amd64`, `arm64`. */
  architecture: string
  archives: readonly RecipeArchive[]
  packages: readonly string[]
  /** Written after the packages are installed, in order; a later file replaces an earlier one. */
  files: readonly RecipeFile[]
  /** Run after the files are in place, in order. */
  scripts: readonly RecipeScript[]
  /** Added when the image is to be a disk that boots by itself; absent where that is not known. */
  disk?: DiskAdditions
}

/** Kernel, boot loader, and what else only a machine with a disk has. */
export type DiskAdditions = Required<RecipeAdditions>

/** What a user adds to a recipe. */
export interface RecipeAdditions {
  packages?: readonly string[]
  files?: readonly RecipeFile[]
  scripts?: readonly RecipeScript[]
}

/** A recipe with more of everything under a new name; the base stays as it is. */
export function extendRecipe(
  base: Recipe,
  name: string,
  description: string | undefined,
  more: RecipeAdditions,
): Recipe {
  assertName(name)
  return {
    ...base,
    name,
    description: description ?? `${base.description}, extended as ${name}`,
    variant: name,
    packages: [...new Set([...base.packages, ...(more.packages ?? [])])],
    files: [...base.files, ...(more.files ?? [])],
    scripts: [...base.scripts, ...(more.scripts ?? [])],
  }
}

/** @throws ConfigError when the name could not be a directory, an alias and part of a cell id. */
export function assertName(name: string): void {
  if (/^[a-z0-9][a-z0-9.-]{0,62}$/.test(name)) return
  throw new ConfigError(`"${name}" is not a name for an image`, {
    hint: 'use lower-case letters, digits, dots and dashes, at most 63 characters',
  })
}

const DEB_ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'armhf',
  ppc64: 'ppc64el',
  riscv64: 'riscv64',
  s390x: 's390x',
}

/** The architecture of this host as dpkg spells it. */
export function hostArchitecture(): string {
  return DEB_ARCHITECTURES[process.arch] ?? process.arch
}
