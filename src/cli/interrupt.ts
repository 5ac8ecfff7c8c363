import { EXIT } from '../results/status.ts'

/**
 * Turns the first Ctrl-C or SIGTERM into an abort, so that everything is cleaned up; the second one leaves at once.
 * What is left then stays in the ledger.
 */
export function onInterrupt(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const handle = () => {
    if (controller.signal.aborted) {
      process.stderr.write('\nharness: left at once; `harness sweep` removes what is left\n')
      process.exit(EXIT.interrupted)
    }
    process.stderr.write('\nharness: stopping and cleaning up; press Ctrl-C again to leave at once\n')
    controller.abort()
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', handle)
      process.off('SIGTERM', handle)
    },
  }
}
