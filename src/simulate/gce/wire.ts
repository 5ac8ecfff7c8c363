import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { loadPackage } from '../../platforms/load-package.ts'

interface ProtoField {
  type: string
  rule?: string
  keyType?: string
  options?: Record<string, unknown>
}

interface ProtoNode {
  nested?: Record<string, ProtoNode>
  fields?: Record<string, ProtoField>
  values?: Record<string, number>
  methods?: Record<string, { requestType: string; responseType: string; options: Record<string, string> }>
}

/** A call of the API, as its route and its schema say. */
export interface Route {
  /** `Instances.insert` */
  operation: string
  requestType: string
  responseType: string
  /** Field of the request that is the body. */
  body: string | undefined
  parameters: readonly string[]
  pattern: RegExp
  verb: string
}

/** A request after its schema: parameters of path and query, and the body. */
export interface Decoded {
  route: Route
  parameters: Record<string, string>
  body: Record<string, unknown>
}

/** Servers keep to their own rules; what clients may say is wider. */
type From = 'client' | 'server'

const VERBS = ['get', 'post', 'put', 'patch', 'delete'] as const
const PACKAGE = '@google-cloud/compute@7.8.0'

/**
 * Routes, fields and enums of the Compute API, read from the definitions that Google ships with its client: what they do not have,
 * no request may bring and no answer may contain.
 */
export class Wire {
  readonly #types: Record<string, ProtoNode>
  readonly routes: readonly Route[]

  private constructor(types: Record<string, ProtoNode>) {
    this.#types = types
    this.routes = Object.entries(types)
      .flatMap(([service, node]) =>
        Object.entries(node.methods ?? {}).flatMap(([name, method]) => routeOf(service, name, method)),
      )
      // A fixed word wins over a parameter.
      .toSorted((a, b) => a.parameters.length - b.parameters.length)
  }

  static #loaded: Promise<Wire> | undefined

  /** Read once in a process: it is twelve megabytes. @throws PrerequisiteError without the package */
  static async load(): Promise<Wire> {
    Wire.#loaded ??= Wire.#read()
    return await Wire.#loaded
  }

  static async #read(): Promise<Wire> {
    const path = await loadPackage('the simulator of gce', [PACKAGE], async () =>
      createRequire(import.meta.url).resolve('@google-cloud/compute/build/protos/protos.json'),
    )
    let node = JSON.parse(await readFile(path, 'utf8')) as ProtoNode
    for (const part of ['google', 'cloud', 'compute', 'v1']) node = node.nested?.[part] ?? {}
    return new Wire(node.nested ?? {})
  }

  /** The call that a request is, or undefined for none of this API. */
  match(verb: string, path: string): { route: Route; parameters: Record<string, string> } | undefined {
    for (const route of this.routes) {
      if (route.verb !== verb.toLowerCase()) continue
      const found = route.pattern.exec(path)
      if (!found) continue
      const values = route.parameters.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')] as const)
      return { route, parameters: Object.fromEntries(values) }
    }
    return undefined
  }

  /** What is wrong with a request, in the words of the schema; nothing when it is right. */
  faultsOfRequest({ route, parameters, body }: Decoded): string[] {
    const type = this.#types[route.requestType]
    const unknown = Object.entries(parameters).flatMap(([name, value]) => {
      if (name.startsWith('$') || name === 'alt' || name === 'prettyPrint') return []
      const field = type?.fields?.[name]
      return field
        ? this.#faults(field, queryValue(field, value), name, type, 'client')
        : [`there is no parameter ${name}`]
    })
    const field = route.body === undefined ? undefined : type?.fields?.[route.body]
    return [...unknown, ...(field ? this.#faults(field, body, route.body ?? '', type, 'client') : [])]
  }

  /** The same for an answer. */
  faultsOfAnswer(route: Route, answer: unknown): string[] {
    return this.#message(route.responseType, answer, route.responseType, 'server')
  }

  #message(typeName: string, value: unknown, at: string, from: From): string[] {
    const type = this.#types[typeName]
    if (!type?.fields) return []
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`]
    return Object.entries(value).flatMap(([name, inner]) => {
      const field = Object.hasOwn(type.fields ?? {}, name) ? type.fields?.[name] : undefined
      if (inner === undefined) return []
      return field ? this.#faults(field, inner, `${at}.${name}`, type, from, name) : [`${at} has no field ${name}`]
    })
  }

  #faults(
    field: ProtoField,
    value: unknown,
    at: string,
    parent: ProtoNode | undefined,
    from: From,
    name = at,
  ): string[] {
    if (field.keyType !== undefined) {
      if (typeof value !== 'object' || value === null) return [`${at} is no map`]
      return Object.entries(value).flatMap(([key, one]) => this.#one(field, one, `${at}.${key}`, parent, from, name))
    }
    if (field.rule === 'repeated') {
      if (!Array.isArray(value)) return [`${at} is no list`]
      return value.flatMap((one, index) => this.#one(field, one, `${at}[${index}]`, parent, from, name))
    }
    return this.#one(field, value, at, parent, from, name)
  }

  #one(
    field: ProtoField,
    value: unknown,
    at: string,
    parent: ProtoNode | undefined,
    from: From,
    name: string,
  ): string[] {
    const bad = (what: string) => [`${at} is ${JSON.stringify(value)?.slice(0, 60)}, not ${what}`]
    switch (field.type) {
      case 'string': {
        if (typeof value !== 'string') return bad('a string')
        // Lists of allowed words stand beside the field, under its name.
        const words = parent?.nested?.[name.slice(0, 1).toUpperCase() + name.slice(1)]?.values
        return words && !Object.hasOwn(words, value) ? bad(`one of ${Object.keys(words).slice(1, 8).join(', ')}`) : []
      }
      case 'bool':
        return typeof value === 'boolean' ? [] : bad('a boolean')
      case 'int32':
      case 'uint32':
        return Number.isInteger(value) ? [] : bad('a number')
      case 'int64':
      case 'uint64':
        if (from === 'client' && Number.isInteger(value)) return []
        return typeof value === 'string' && /^-?\d+$/.test(value) ? [] : bad('a number in a string')
      case 'double':
      case 'float':
        return typeof value === 'number' ? [] : bad('a number')
      default: {
        const words = this.#types[field.type]?.values ?? parent?.nested?.[field.type]?.values
        if (words) return typeof value === 'string' && Object.hasOwn(words, value) ? [] : bad('one of its words')
        return this.#message(field.type, value, at, from)
      }
    }
  }
}

function routeOf(
  service: string,
  name: string,
  method: { requestType: string; responseType: string; options: Record<string, string> },
): Route[] {
  for (const verb of VERBS) {
    const path = method.options[`(google.api.http).${verb}`]
    if (path === undefined) continue
    const parameters = [...path.matchAll(/\{([a-z_]+)\}/g)].map((match) => camel(match[1] ?? ''))
    const body = method.options['(google.api.http).body']
    return [
      {
        operation: `${service.slice(0, 1).toLowerCase()}${service.slice(1)}.${name.slice(0, 1).toLowerCase()}${name.slice(1)}`,
        requestType: method.requestType,
        responseType: method.responseType,
        body: body === undefined ? undefined : camel(body),
        parameters,
        pattern: new RegExp(`^${path.replaceAll(/\{[a-z_]+\}/g, '([^/]+)')}$`),
        verb,
      },
    ]
  }
  return []
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Values of a query are texts. */
function queryValue(field: ProtoField, value: string): unknown {
  if (field.rule === 'repeated') return [value]
  if (field.type === 'bool') return value === 'true' ? true : value === 'false' ? false : value
  return field.type === 'int32' || field.type === 'uint32' ? Number(value) : value
}
