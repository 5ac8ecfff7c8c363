import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Owner, Resource } from '../platform.ts'

type Kept = Pick<Resource, 'kind' | 'id'> & { owner: Owner }

/** Makes a list of what exists outlive the process, as that of a real provider does. Nothing without a folder. */
export class Directory {
  readonly #folder: string | undefined

  constructor(folder: string | undefined) {
    this.#folder = folder
    if (folder !== undefined) mkdirSync(folder, { recursive: true })
  }

  put(resource: Kept): void {
    if (this.#folder !== undefined) writeFileSync(this.#path(resource.id), JSON.stringify(resource))
  }

  delete(id: string): void {
    if (this.#folder !== undefined) rmSync(this.#path(id), { force: true })
  }

  list(): Kept[] {
    if (this.#folder === undefined) return []
    return readdirSync(this.#folder).flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(this.#folder ?? '', name), 'utf8')) as Kept]
      } catch {
        // Another process is just removing it, or was killed while it wrote: then it was never made.
        return []
      }
    })
  }

  #path(id: string): string {
    return join(this.#folder ?? '', `${id}.json`)
  }
}
