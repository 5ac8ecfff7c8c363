export { queueExecutor } from './queue-executor.ts'
export { heldLeases, spentToday } from './shared-counts.ts'
export { runWorker } from './worker.ts'
