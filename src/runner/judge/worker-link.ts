import { connect, type Socket } from 'node:net'
import { CancelledError, type ErrorRecord, HarnessError } from '../../core/errors.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { onJsonLines, sendJsonLine } from './json-lines.ts'
import type { ChildInputs, FromWorker, ToWorker } from './protocol.ts'

/** The parent could not give a check the instance it asked for. */
export class InstanceRefusedError extends HarnessError {
  readonly blame: ErrorRecord['blame']
  readonly status: CheckRecord['status']
  readonly evidence: string

  constructor(error: ErrorRecord, status: CheckRecord['status']) {
    super(error.message, error.hint === undefined ? {} : { hint: error.hint })
    this.blame = error.blame
    this.status = status
    this.evidence = error.evidence ?? ''
  }
}

/** The worker's line to the process that owns the machines. */
export class WorkerLink {
  readonly #socket: Socket
  readonly #inputs = Promise.withResolvers<ChildInputs>()
  readonly #instances = new Map<string, PromiseWithResolvers<string>>()

  private constructor(socket: Socket) {
    this.#socket = socket
    onJsonLines(socket, (message) => this.#take(message as ToWorker))
    socket.on('error', () => {})
    // The owner is gone: nothing may go on without it.
    socket.on('close', () => process.exit(1))
  }

  static open(path: string): Promise<WorkerLink> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => resolve(new WorkerLink(socket)))
      socket.once('error', reject)
    })
  }

  /** Says that checks are loaded; resolves when there is something to judge. */
  async ready(missing: { file: string; message: string }[]): Promise<ChildInputs> {
    this.#send({ type: 'ready', missing })
    return await this.#inputs.promise
  }

  /** Id of the machine of a group, launched on the first call. @throws InstanceRefusedError */
  async instance(group: string): Promise<string> {
    let waiting = this.#instances.get(group)
    if (!waiting) {
      waiting = Promise.withResolvers<string>()
      this.#instances.set(group, waiting)
      this.#send({ type: 'need-instance', group })
    }
    return await waiting.promise
  }

  #take(message: ToWorker): void {
    if (message.type === 'go') this.#inputs.resolve(message.inputs)
    else if (message.type === 'instance') this.#instances.get(message.group)?.resolve(message.machineId)
    else this.#instances.get(message.group)?.reject(new InstanceRefusedError(message.error, message.status))
  }

  #send(message: FromWorker): void {
    if (this.#socket.destroyed) throw new CancelledError('the run that owns this process is gone')
    sendJsonLine(this.#socket, message)
  }
}
