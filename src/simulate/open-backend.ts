import type { Backend } from './backend.ts'
import type { MemoryOptions } from './memory/memory-backend.ts'

export const BACKENDS = ['lxd', 'memory'] as const

/** @throws PrerequisiteError when the host lacks what the back end needs */
export async function openBackend(name: (typeof BACKENDS)[number], memory: MemoryOptions = {}): Promise<Backend> {
  if (name === 'lxd') return await (await import('./lxd/lxd-backend.ts')).LxdBackend.open()
  return new (await import('./memory/memory-backend.ts')).MemoryBackend(memory)
}
