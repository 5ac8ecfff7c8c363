import type { Overlay } from '../../src/images/index.ts'
import { arrange, type Fault } from '../together/arrange.ts'
import { nameOf } from '../together/compare.ts'
import { ALONE, APART } from './apart.ts'
import type { BadImage } from './bad-image.ts'

/** A bad image as a fault that may share its image with others. */
export interface BadFault extends Fault {
  bad: BadImage
}

/** Of a check that could not be judged. */
const BROKEN = ': error'

/** Everything that fails because of the image, by the names under which results tell of it. */
export function faultOf(bad: BadImage): BadFault {
  const id = bad.caught.by === 'log-rule' ? `log-${bad.caught.id}` : bad.caught.id
  const signs = [...new Set([id, ...(bad.also ?? [])])].sort()
  const hides = signs.filter((sign) => sign.endsWith(BROKEN)).map((sign) => sign.slice(0, -BROKEN.length))
  return { name: bad.name, id, signs, hides, bad }
}

/** Whether two bad images can be one: neither is kept apart or hides the other, and they do not write the same file in two ways. */
export function mayMeet(one: BadFault, other: BadFault): boolean {
  const [a, b] = [one.bad, other.bad]
  if ([one, other].some(({ hides = [] }) => [...one.signs, ...other.signs].some((sign) => hides.includes(sign))))
    return false
  if ([a, b].some(({ name }) => ALONE[name] !== undefined)) return false
  if (APART.some(({ names }) => names.includes(a.name) && names.includes(b.name))) return false
  const contents = new Map((a.overlay.files ?? []).map((file) => [file.path, file.content]))
  return !(b.overlay.files ?? []).some(({ path, content }) => contents.has(path) && contents.get(path) !== content)
}

/** While one case is worked on: HARNESS_BAD_IMAGES=no-sudo,no-init takes each of them alone. */
const only = process.env['HARNESS_BAD_IMAGES']?.split(',')

/** The images to be made, each with all that is wrong with it. */
export function arrangeImages(images: readonly BadImage[]): BadFault[][] {
  const faults = images.map(faultOf)
  return only ? faults.filter(({ name }) => only.includes(name)).map((fault) => [fault]) : arrange(faults, mayMeet)
}

/** What to do when a combined image is not caught by what its members are for. */
export function howToTell(members: readonly Fault[]): string {
  const names = members.map(({ name }) => name).join(',')
  return `in ${nameOf(members)}; HARNESS_BAD_IMAGES=${names} judges each alone`
}

/** All changes of several bad images in one. */
export function combine(members: readonly BadFault[]): Overlay {
  const overlays = members.map(({ bad }) => bad.overlay)
  return {
    name: 'bad-together',
    description: `bad on purpose: ${nameOf(members)}`,
    files: overlays.flatMap(({ files }) => files ?? []),
    edits: overlays.flatMap(({ edits }) => edits ?? []),
  }
}
