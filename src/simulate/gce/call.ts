import type { Project } from './project.ts'

/** A call that has passed its schema. */
export interface Call {
  project: Project
  /** Of path and query. */
  parameters: Record<string, string>
  body: Record<string, unknown>
}

/** What calls do, by operation; what is not here is answered loudly. */
export type Handlers = Readonly<Record<string, (call: Call) => object | Promise<object>>>
