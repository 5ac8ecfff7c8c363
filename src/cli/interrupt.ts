import { EXIT } from '../results/status.ts'

/**
 * Turns the first Ctrl-C, SIGTERM or end of the terminal into an abort, so that everything is cleaned up; the second one leaves at once.
 * What is left then stays in the ledger. Under `nohup` the end of the terminal is none of the command's business.
 * @param hangup whether the end of the terminal ends the command; default true
 */
export function onInterrupt(hangup = true): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', ...(hangup ? (['SIGHUP'] as const) : [])]
  const handle = (signal: NodeJS.Signals) => {
    // Node forgets that its parent had it ignore this; the launcher has kept it.
    if (signal === 'SIGHUP' && process.env.HARNESS_NOHUP === '1') return
    if (controller.signal.aborted) {
      process.stderr.write('\nharness: left at once; `harness sweep` removes what is left\n')
      process.exit(EXIT.interrupted)
    }
    process.stderr.write('\nharness: stopping and cleaning up; press Ctrl-C again to leave at once\n')
    controller.abort()
  }
  for (const signal of signals) process.on(signal, handle)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, handle)
    },
  }
}
