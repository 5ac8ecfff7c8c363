import { readFileSync } from 'node:fs'
import { globSync } from 'node:fs'
import { join, posix } from 'node:path'
import { CHECK_FOLDERS, CHECK_MAY_IMPORT, LAYERS } from './layers.ts'

export interface SourceFile {
  /** Path from the root of the repository. */
  path: string
  text: string
}

interface Import {
  specifier: string
  /** `import type`, `export type` or `import('x')`: nothing is loaded when the file is. */
  late: boolean
}

/** One line per import that points the wrong way. Empty when all is well. */
export function layerFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => importsOf(file.text).flatMap((found) => faultOf(file.path, found) ?? []))
}

function faultOf(path: string, found: Import): string | undefined {
  const { specifier } = found
  if (specifier.startsWith('node:')) return undefined
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
  if (CHECK_FOLDERS.some((folder) => path.startsWith(`${folder}/`))) return checkFault(path, specifier, target)
  const from = partOf(path)
  const layer = LAYERS[from]
  if (!layer) return `${path}: the folder has no place in scripts/layers.ts`
  if (target === undefined) return packageFault(path, from, found)
  if (!target.startsWith('src/')) return undefined
  const to = partOf(target)
  if (to === from && (from !== 'platforms/*' || platformOf(path) === platformOf(target))) return undefined
  if (to === from) return `${path}: imports ${target}, but a platform never imports another platform`
  if (to === 'platforms/*' && from === 'platforms' && !path.endsWith('/registry.gen.ts')) {
    return `${path}: imports ${target}, but only the registry names platform folders`
  }
  return layer.imports.includes(to) ? undefined : `${path}: imports ${target}, but ${from} may not import ${to}`
}

function packageFault(path: string, from: string, { specifier, late }: Import): string | undefined {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const layer = LAYERS[from]
  const inside = path.replace(/^src\/(platforms\/[^/]+|[^/]+)\/?/, '')
  const special = Object.entries(layer?.packagesIn ?? {}).find(([start]) => inside.startsWith(start))?.[1] ?? []
  if (layer?.packages.includes(name) || special.includes(name)) return undefined
  if (special.includes('*')) {
    return late ? undefined : `${path}: imports ${name} at once; write \`import type\` or \`await import()\``
  }
  // Types of vitest's expect are part of what an author of checks sees.
  if (late && from === 'testing') return undefined
  return `${path}: imports the package ${name}, which ${from} may not`
}

function checkFault(path: string, specifier: string, target: string | undefined): string | undefined {
  if (specifier === 'harness/testing' || (target !== undefined && CHECK_MAY_IMPORT.includes(target))) return undefined
  if (target !== undefined && CHECK_FOLDERS.some((folder) => target.startsWith(`${folder}/`))) return undefined
  return `${path}: imports ${specifier}, but a check imports only harness/testing`
}

function partOf(path: string): string {
  const [, part = '', ...rest] = path.split('/')
  if (rest.length === 0) return part.replace(/\.ts$/, '')
  return part === 'platforms' && rest.length > 1 ? 'platforms/*' : part
}

function platformOf(path: string): string | undefined {
  return path.split('/')[2]
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const CALL = /\bimport\(\s*['"]([^'"]+)['"]/g

function importsOf(text: string): Import[] {
  const statements = [...text.matchAll(STATEMENT)].map((match) => ({
    specifier: match[2] ?? '',
    late: match[1] !== undefined,
  }))
  const calls = [...text.matchAll(CALL)].map((match) => ({ specifier: match[1] ?? '', late: true }))
  return [...statements, ...calls]
}

/** The files whose imports are checked. */
export function sourceFiles(root: string): SourceFile[] {
  const patterns = ['src/**/*.ts', ...CHECK_FOLDERS.map((folder) => `${folder}/**/*.ts`)]
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !/\.test\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

if (import.meta.main) {
  const faults = layerFaults(sourceFiles(join(import.meta.dirname, '..')))
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
}
