import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { toMs } from '../core/duration.ts'
import type { Duration } from '../core/duration.ts'
import { TransportError, UnsupportedError } from '../core/errors.ts'
import { waitUntil } from '../core/wait-until.ts'
import type { Account } from './account.ts'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-error.ts'
import { PACKAGE_MANAGERS } from './package-managers.ts'
import type { PackageManager, PackageManagerName } from './package-managers.ts'
import { quote, quoteAll } from './shell.ts'

export interface PackageOptions {
  /** Includes waiting for another package manager's lock. Default `"10 minutes"`. */
  deadline?: Duration
  signal?: AbortSignal
}

export interface InstallOptions extends PackageOptions {
  /** apt: the release to take the packages from, for example `sid`. */
  release?: string
}

/** The package manager of the machine, whichever it is. Everything runs as root and asks no questions. */
export class Packages {
  readonly #root: Account
  readonly #find: () => Promise<PackageManagerName | undefined>

  constructor(root: Account, find: () => Promise<PackageManagerName | undefined>) {
    this.#root = root
    this.#find = find
  }

  /** Which one it is. @throws UnsupportedError when the machine has none that the harness knows */
  async manager(): Promise<PackageManagerName> {
    const found = await this.#find()
    if (found === undefined) throw new UnsupportedError('the machine has no package manager that the harness knows')
    return found
  }

  async #data(): Promise<PackageManager> {
    return PACKAGE_MANAGERS[await this.manager()]
  }

  /** Fetches the lists of what is available. */
  async refresh(options: PackageOptions = {}): Promise<void> {
    await this.#change((data) => data.refresh, options)
  }

  async install(names: string | readonly string[], options: InstallOptions = {}): Promise<CommandResult> {
    return await this.#change((data) => {
      const release = options.release === undefined ? '' : data.fromRelease?.(quote(options.release))
      if (release === undefined) throw new UnsupportedError(`${data.program} cannot install from a named release`)
      return `${data.install} ${release} ${quoteAll([names].flat())}`
    }, options)
  }

  /** Installs a package file of this host with its dependencies. A lower version than the installed one is allowed. */
  async installFile(localPath: string, options: PackageOptions = {}): Promise<CommandResult> {
    const folder = `/var/tmp/harness-${randomBytes(6).toString('hex')}`
    const remote = `${folder}/${basename(localPath)}`
    // Readable by all: apt reads local files as the user _apt.
    await this.#root.run(`umask 022; mkdir ${folder}`, { check: true })
    try {
      await this.#root.push(localPath, remote, { mode: 0o644, ...options })
      return await this.#change((data) => `${data.installFile} ${quote(remote)}`, options)
    } finally {
      await this.#root.run(`rm -rf ${folder}`, { deadline: '30 seconds' }).catch(() => undefined)
    }
  }

  async remove(names: string | readonly string[], options: PackageOptions = {}): Promise<CommandResult> {
    return await this.#change((data) => `${data.remove} ${quoteAll([names].flat())}`, options)
  }

  /** Upgrades the named packages if they are installed, or everything. */
  async upgrade(names?: string | readonly string[], options: PackageOptions = {}): Promise<CommandResult> {
    if (names === undefined) return await this.#change((data) => data.upgradeAll, options)
    return await this.#change((data) => `${data.upgrade} ${quoteAll([names].flat())}`, options)
  }

  /** Version of an installed package, or undefined. */
  async version(name: string): Promise<string | undefined> {
    return (await this.list()).get(name)
  }

  /** Installed packages and their versions. Of several architectures the last one listed wins. */
  async list(): Promise<Map<string, string>> {
    const data = await this.#data()
    const result = await this.#root.run(data.list, { check: true })
    return new Map(result.stdout.split('\n').flatMap((line) => data.parse(line)))
  }

  /** Repeats the command for as long as another process holds the lock, until the deadline. */
  async #change(commandOf: (data: PackageManager) => string, options: PackageOptions): Promise<CommandResult> {
    const data = await this.#data()
    const command = commandOf(data)
    const deadlineMs = toMs(options.deadline ?? '10 minutes')
    const started = performance.now()
    const signal = options.signal ? { signal: options.signal } : {}
    // The wait outlives the command's own deadline, which kills it on the machine as well.
    return await waitUntil(
      {
        what: `${data.program} to be free for \`${command}\``,
        deadlineMs: deadlineMs + 15_000,
        intervalMs: 500,
        maxIntervalMs: 3000,
        ...signal,
      },
      async () => {
        const left = Math.max(1000, deadlineMs - (performance.now() - started))
        const result = await this.#root
          .run(command, { env: data.env, deadline: `${left} ms`, ...signal })
          .catch(finalError)
        if (result.ok) return { done: true, value: result }
        const output = result.stdout + result.stderr
        const late = performance.now() - started > deadlineMs
        if (late || !data.locked.test(output)) throw new CommandError(result)
        return { done: false, saw: 'another package manager holds the lock' }
      },
    )
  }
}

/** A lost line or a killed command is not a busy lock: half an installation must not be repeated by itself. */
function finalError(error: unknown): never {
  if (error instanceof TransportError) throw new TransportError('protocol', error.message, { cause: error })
  throw error
}
