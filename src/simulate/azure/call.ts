import type { Json, Outcome, World } from './world.ts'

/** A call of a route. */
export interface Call {
  world: World
  /** Of the path, by name. */
  at: Readonly<Record<string, string>>
  query: URLSearchParams
  body: Json
  /** The path, which is the id of the resource. */
  id: string
}

export interface Route {
  method: string
  /** Parts in braces are parameters; words are told apart without regard to case. */
  path: string
  /** Name for faults, counts and permissions: `virtualMachines.put`. */
  operation: string
  act: (call: Call) => Outcome | Promise<Outcome>
}

/** Text of a value of JSON that should be text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** An object in JSON, empty when there is none. */
export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}'

/** Path of a kind of resource in a group. */
export function inGroup(type: string): string {
  return `${GROUP}/providers/${type}/{name}`
}
