import { TransportError } from '../core/errors.ts'
import type { ExecRequest, ExecResult, Transport } from './transport/transport.ts'

export interface Opening {
  deadlineMs: number
  signal?: AbortSignal
}

/**
 * The line to a machine: opened when first needed, opened again after it was lost or the machine rebooted.
 * A command is never repeated by itself, because it may have had its effect before the line broke.
 */
export class Line {
  readonly #connect: (options: Opening) => Promise<Transport>
  #open: Promise<Transport> | undefined

  constructor(connect: (options: Opening) => Promise<Transport>) {
    this.#connect = connect
  }

  /** The open transport, or a new one. @throws TransportError, retryable while the machine is not up */
  async transport(options: Opening): Promise<Transport> {
    if (this.#open === undefined) {
      const opening = this.#connect(options)
      this.#open = opening
      opening.catch(() => {
        if (this.#open === opening) this.#open = undefined
      })
    }
    return await this.#open
  }

  async exec(request: ExecRequest): Promise<ExecResult> {
    return await this.use(request, (transport) => transport.exec(request))
  }

  /** Calls `work` with the transport; when it finds the line lost, the next call opens a new one. */
  async use<T>(options: Opening, work: (transport: Transport) => Promise<T>): Promise<T> {
    const { signal, deadlineMs } = options
    const transport = await this.transport({ deadlineMs: Math.min(deadlineMs, 30_000), ...(signal ? { signal } : {}) })
    try {
      return await work(transport)
    } catch (error) {
      if (error instanceof TransportError && error.reason === 'lost') await this.drop()
      throw error
    }
  }

  /** Closes the line. The next use opens a new one. Never rejects. */
  async drop(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    try {
      const transport = await open
      await transport.close()
    } catch {
      // a line that cannot be opened or closed is gone as well
    }
  }
}
