import type { Account, FileEntry, Group } from './facts.ts'
import type { Frames } from './parse-frames.ts'
import { parseGroup, parsePasswd } from './parse-accounts.ts'
import { type Located, parseLocated, parseStat } from './parse-lines.ts'
import { UnknownFactError } from './unknown-fact.ts'

const MEANING: Record<number, string> = {
  124: 'was stopped after its time',
  125: 'does not apply here',
  127: 'does not exist here',
}

interface Reading {
  /** Exit statuses that still mean an answer. Default only 0. */
  accept?: readonly number[]
  /** A cut list is good enough, because any entry is already an answer. */
  cut?: boolean
}

/** The sections of one script run, asked for by name. What failed or is missing cannot be read as empty. */
export class Evidence {
  readonly phase: string
  readonly #frames: Frames

  constructor(frames: Frames) {
    this.phase = frames.phase
    this.#frames = frames
  }

  get atRest(): boolean {
    return this.phase === 'rest'
  }

  /** Lines of a section. @throws UnknownFactError when its command failed, is missing or printed too much. */
  lines(name: string, { accept = [0], cut = false }: Reading = {}): string[] {
    const section = this.#frames.sections.get(name)
    if (!section)
      throw new UnknownFactError(
        name,
        this.atRest ? 'it is not gathered from a root at rest' : `it is not gathered in phase ${this.phase}`,
      )
    if (!accept.includes(section.exitCode)) {
      const said = section.stderr ? `: ${section.stderr}` : ''
      throw new UnknownFactError(
        name,
        `its command ${MEANING[section.exitCode] ?? `exited with ${section.exitCode}`}${said}`,
      )
    }
    if (section.truncated && !cut) throw new UnknownFactError(name, 'its output was too long and was cut')
    return section.content
  }

  /** Like `lines`, but nothing where there is no answer. Only for what adds to a fact that is known otherwise. */
  maybe(name: string): string[] {
    const section = this.#frames.sections.get(name)
    return section && section.exitCode === 0 ? section.content : []
  }

  exitCode(name: string): number | undefined {
    return this.#frames.sections.get(name)?.exitCode
  }

  stderr(name: string): string | undefined {
    return this.#frames.sections.get(name)?.stderr
  }

  located(name: string): Located[] {
    return this.lines(name).flatMap(parseLocated)
  }

  files(name: string): FileEntry[] {
    const names = this.#names()
    return this.lines(name, { cut: true, accept: [0, 1] }).flatMap((line) => parseStat(line, names.users, names.groups))
  }

  /** `key=value` lines; the first of equal keys wins. */
  pairs(name: string): Map<string, string> {
    const pairs = new Map<string, string>()
    for (const line of this.lines(name)) {
      const at = line.indexOf('=')
      if (at > 0 && !pairs.has(line.slice(0, at))) pairs.set(line.slice(0, at), line.slice(at + 1))
    }
    return pairs
  }

  #cache: { users: Map<number, string>; groups: Map<number, string> } | undefined

  #names() {
    // the first name of a number is the one the system shows
    this.#cache ??= {
      users: new Map(
        parsePasswd(this.maybe('passwd'), [])
          .map(({ uid, name }: Account): [number, string] => [uid, name])
          .reverse(),
      ),
      groups: new Map(
        parseGroup(this.maybe('group'))
          .map(({ gid, name }: Group): [number, string] => [gid, name])
          .reverse(),
      ),
    }
    return this.#cache
  }
}
