/** Axes that name every cell, in the order of its id. */
const HEAD = ['platform', 'image', 'instance-type', 'boot'] as const

/** Axes the name of the image tells already. */
const IN_IMAGE: ReadonlySet<string> = new Set(['distribution', 'release', 'image-variant'])

/** The value that leaves things as they are, on every axis; it is never part of an id. */
export const DEFAULT = 'default'

/**
 * The id of a cell: `platform/image/instance-type/boot`, followed by `,axis=value` for every further axis that is not at its default,
 * in order of their names. So an id stays what it is when an axis or a value is added to the matrix.
 */
export function cellId(axes: Readonly<Record<string, string>>): string {
  const head = HEAD.map((axis) => idPart(axes[axis] ?? DEFAULT)).join('/')
  const more = Object.entries(axes)
    .filter(([axis, value]) => !HEAD.some((name) => name === axis) && !IN_IMAGE.has(axis) && value !== DEFAULT)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([axis, value]) => `,${idPart(axis)}=${idPart(value)}`)
  return head + more.join('')
}

/** Turns what the user wrote into a part of a cell id, which is also the name of a folder. */
export function idPart(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'x'
}
