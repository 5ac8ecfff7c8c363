export { queueExecutor } from './queue-executor.ts'
export { runWorker } from './worker.ts'
