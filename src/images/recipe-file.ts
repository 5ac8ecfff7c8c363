import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { LineCounter, isNode, parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { findRecipe, recipes } from './find-recipe.ts'
import type { Recipe, RecipeFile, RecipeScript } from './recipe.ts'
import { extendRecipe } from './recipe.ts'

const octal = z
  .union([
    z.string().regex(/^0?o?[0-7]{3,4}$/, 'write the mode as a quoted octal number, for example "0755"'),
    z.number().int().min(0).max(0o7777),
  ])
  .transform((mode) => (typeof mode === 'number' ? mode : Number.parseInt(mode.replace('o', ''), 8)))

const fileSchema = z
  .strictObject({
    path: z.string().startsWith('/', 'give the absolute path inside the image'),
    mode: octal.optional(),
    content: z.string().optional(),
    source: z.string().optional(),
  })
  .refine((file) => (file.content === undefined) !== (file.source === undefined), 'give either content or source')

const scriptSchema = z.union([
  z.string(),
  z
    .strictObject({ name: z.string().optional(), run: z.string().optional(), path: z.string().optional() })
    .refine((script) => (script.run === undefined) !== (script.path === undefined), 'give either run or path'),
])

const recipeSchema = z.strictObject({
  extends: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.:-]*$/, 'this is not a package name')).optional(),
  files: z.array(fileSchema).optional(),
  scripts: z.array(scriptSchema).optional(),
})

/**
 * Reads a recipe a user wrote: `extends` names a shipped recipe or another file; `packages`, `files` and `scripts` are added to it.
 * The name defaults to that of the file. Relative paths count from the file.
 * @throws ConfigError with file, line and column.
 */
export async function readRecipeFile(path: string, seen: readonly string[] = []): Promise<Recipe> {
  const file = resolve(path)
  if (seen.includes(file)) throw new ConfigError(`${path} extends itself`, { position: { file: path } })
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`cannot read the recipe ${path}`, { cause })
  })
  const recipe = parse(text, path)
  const near = (relative: string) => resolve(dirname(file), relative)
  const base =
    findRecipe(recipe.extends) ??
    (/\.ya?ml$/.test(recipe.extends) ? await readRecipeFile(near(recipe.extends), [...seen, file]) : undefined)
  if (!base) {
    throw new ConfigError(`there is no recipe "${recipe.extends}" to extend`, {
      position: { file: path },
      hint: `known are ${recipes.map(({ name }) => name).join(', ')}`,
    })
  }
  const name = recipe.name ?? basename(file).replace(/\.ya?ml$/, '')
  if (findRecipe(name))
    throw new ConfigError(`the name ${name} belongs to a shipped recipe`, {
      position: { file: path },
      hint: 'set another name',
    })
  const files = (recipe.files ?? []).map((entry): RecipeFile => ({
    path: entry.path,
    ...(entry.mode === undefined ? {} : { mode: entry.mode }),
    ...(entry.content === undefined ? { source: near(entry.source ?? '') } : { content: entry.content }),
  }))
  const scripts = await Promise.all((recipe.scripts ?? []).map((entry, index) => readScript(entry, index, near, path)))
  return extendRecipe(base, name, recipe.description, { packages: recipe.packages ?? [], files, scripts })
}

async function readScript(
  entry: z.infer<typeof scriptSchema>,
  index: number,
  near: (path: string) => string,
  file: string,
): Promise<RecipeScript> {
  if (typeof entry === 'string') return { name: `script-${index + 1}`, content: entry }
  const name = entry.name ?? (entry.path === undefined ? `script-${index + 1}` : basename(entry.path))
  if (entry.path === undefined) return { name, content: entry.run ?? '' }
  const content = await readFile(near(entry.path), 'utf8').catch((cause: unknown) => {
    throw new ConfigError(`cannot read the script ${entry.path}`, { position: { file }, cause })
  })
  return { name, content }
}

function parse(text: string, file: string): z.infer<typeof recipeSchema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = document.errors[0]
  if (broken) throw new ConfigError(broken.message, { position: { file, ...at(lines, broken.pos[0]) } })
  const result = recipeSchema.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = (issue?.path ?? []).filter((part) => typeof part !== 'symbol')
  const node: unknown = document.getIn(path, true)
  const offset = isNode(node) ? node.range?.[0] : undefined
  throw new ConfigError(`${path.length > 0 ? `${path.join('.')}: ` : ''}${issue?.message ?? 'not a recipe'}`, {
    position: { file, ...(offset === undefined ? {} : at(lines, offset)) },
    hint: 'a recipe has extends, and optionally name, description, packages, files and scripts',
  })
}

function at(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}
