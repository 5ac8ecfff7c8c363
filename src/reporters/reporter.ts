import type { RunEvent } from '../results/event.ts'

/** Something that follows a run while it happens. It must never throw for what an event says. */
export interface Reporter {
  onEvent(event: RunEvent): void
  /** Writes what is left and gives back what it took, such as the cursor of the terminal. Safe to call twice. */
  close(): void
}
