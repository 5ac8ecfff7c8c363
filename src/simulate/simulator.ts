import type { Backend } from './backend.ts'
import type { Behaviour } from './behaviour.ts'
import type { ScriptedFault } from './faults.ts'

/** One call of the API and how it ended, for people who watch and tests that count. */
export interface Call {
  /** Milliseconds since the epoch. */
  at: number
  operation: string
  /** 0 when the connection was cut. */
  status: number
  /** The error code, or the fault that struck. */
  said?: string
  durationMs: number
}

/** What every simulator takes. Times are milliseconds and have small defaults: a rehearsal should not wait as a cloud does. */
export interface SimulatorSettings {
  backend: Backend
  /** Images that exist from the begin: the cloud's id or name to what the back end boots. The first is also what anything else boots. */
  images: Readonly<Record<string, string>>
  faults?: readonly ScriptedFault[]
  /** Of the faults and of made-up ids. Default 1. */
  seed?: number
  port?: number
  /** Where a simulator that speaks https writes its certificate, PEM. Default a temporary file. */
  certificate?: string
  /** How long a machine is pending before it runs. Default 300. */
  pendingMs?: number
  /** How long something new is unknown to other calls. Default 200. */
  delayMs?: number
  /** Most entries of a page, whatever the caller asks for. Default 50. */
  pageSize?: number
  /** Most machines that may run at once. Default 100000. */
  quota?: number
  onCall?: (call: Call) => void
}

/** A simulated cloud that listens on this host. Disposing it ends its machines. */
export interface Simulator extends AsyncDisposable {
  readonly endpoint: string
  /** Options of the platform by which the harness reaches it. */
  readonly options: Readonly<Record<string, unknown>>
  /** Environment that lets other clients reach it. */
  readonly environment: Readonly<Record<string, string>>
  /** Calls so far. */
  readonly calls: readonly Call[]
}

/** What the folder of a simulator exports as default from `simulator.ts`. */
export interface SimulatorKind {
  title: string
  /** Speaks https with a certificate of its own. */
  https?: true
  behaviours: readonly Behaviour[]
  start(settings: SimulatorSettings): Promise<Simulator>
}
