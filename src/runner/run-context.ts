import type { Platform, PlatformImage } from '../platforms/platform.ts'
import type { LedgerFile } from '../platforms/ledger-file.ts'
import type { Session } from '../platforms/session.ts'
import type { Cell } from '../matrix/cell.ts'
import type { Waiver } from '../matrix/waivers.ts'
import type { Check } from '../testing/check.ts'
import type { Background } from './background.ts'
import type { EventSink } from './event-log.ts'
import type { CheckFiles } from './checks/load-checks.ts'
import type { Paces } from './schedule/paces.ts'
import type { SpendSettings } from './schedule/spend-settings.ts'

/** When machines of a cell are left running for a person to look at. */
export type Keep = 'never' | 'failed' | 'always'

/** A run as whoever works on its cells is told of it. */
export interface RunOrder {
  runId: string
  runDir: string
  events: EventSink
  waivers: readonly Waiver[]
  keep: Keep
  signal: AbortSignal
  checksOf: (cell: Cell) => { files: CheckFiles; checks: Map<string, Check> }
  spend?: SpendSettings | undefined
}

/** What all cells of a run share. */
export interface RunContext extends RunOrder {
  /** Private folder for sockets, removed at the end. */
  tmpDir: string
  ledger: LedgerFile
  sessions: Sessions
  images: Once<PlatformImage>
  restFacts: Once<string>
  paces: Paces
  /** Teardown that goes on while other cells run. */
  teardown: Background
}

/** Signed-in platforms, one for each set of options. */
export interface Sessions {
  /** @throws what opening it threw, every time */
  of(cell: Cell): Promise<Session>
  close(): Promise<void>
}

/** The platform a cell is on, before it is opened. */
export type LoadedPlatform = Pick<Platform, 'manifest'>

/** Does work once per key, however many ask for it; a failure is forgotten, so that the next may try again. */
export class Once<T> {
  readonly #values = new Map<string, Promise<T>>()

  async get(key: string, make: () => Promise<T>): Promise<T> {
    let value = this.#values.get(key)
    if (!value) {
      value = make()
      this.#values.set(key, value)
      value.catch(() => this.#values.delete(key))
    }
    return await value
  }
}
