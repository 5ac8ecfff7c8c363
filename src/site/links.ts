/**
 * Addresses of pages, relative to the page they are on: the same pages work at the root of a server, below a path of one,
 * and as files in a folder.
 */
export class Links {
  readonly #up: string

  /** @param path of the page, for example `/cell/lxd/debian-13/` */
  constructor(path: string) {
    this.#up = '../'.repeat(path.split('/').filter((part) => part !== '').length)
  }

  home(): string {
    return this.#up || './'
  }

  style(): string {
    return `${this.#up}style.css`
  }

  icon(): string {
    return `${this.#up}icon.svg`
  }

  section(name: string): string {
    return name === 'overview' ? this.home() : this.#to([name])
  }

  grid(image: string): string {
    return this.#to(['grid', image])
  }

  cell(id: string): string {
    return this.#to(['cell', id])
  }

  run(submission: string): string {
    return this.#to(['run', hex(submission)])
  }

  result(uid: string): string {
    return this.#to(['result', uid])
  }

  check(id: string): string {
    return this.#to(['check', id])
  }

  image(digest: string): string {
    return this.#to(['image', digest.replace(':', '-')])
  }

  compare(before: string, after: string): string {
    return this.#to(['compare', `${before.replace(':', '-')}..${after.replace(':', '-')}`])
  }

  issue(id: string): string {
    return this.#to(['issue', id])
  }

  submitter(id: string): string {
    return `${this.#to(['submitters'])}#${encodeURIComponent(id)}`
  }

  /** A log as text. */
  log(digest: string): string {
    return `${this.#up}log/${hex(digest)}.txt`
  }

  #to(parts: readonly string[]): string {
    return `${this.#up}${parts.map((part) => part.split('/').map(encodeURIComponent).join('/')).join('/')}/`
  }
}

function hex(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}
