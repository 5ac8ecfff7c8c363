import type { Answer } from './cloud.ts'
import { text } from './answers.ts'

/** A folder of metadata: names to text, or to further folders. */
export interface Tree {
  readonly [name: string]: string | Tree | undefined
}

/** The node at a path of names, or undefined. */
export function nodeAt(tree: Tree, names: readonly string[]): string | Tree | undefined {
  let node: string | Tree | undefined = tree
  for (const name of names) {
    if (node === undefined || typeof node === 'string' || !Object.hasOwn(node, name)) return undefined
    node = node[name]
  }
  return node
}

/** The names in a path. Empty ones, of doubled or trailing slashes, are left out. */
export function namesIn(path: string): string[] {
  return path.split('/').filter(Boolean)
}

/** One name per line, folders with a slash at the end, no newline after the last. */
export function listing(tree: Tree): string {
  return Object.entries(tree)
    .filter(([, node]) => node !== undefined)
    .map(([name, node]) => (typeof node === 'string' ? name : `${name}/`))
    .sort()
    .join('\n')
}

/** The text at a path, or the listing of the folder there. */
export function fromTree(tree: Tree, names: readonly string[]): Answer | undefined {
  const node = nodeAt(tree, names)
  if (node === undefined) return undefined
  return text(typeof node === 'string' ? node : listing(node))
}
