import * as sdk from '@aws-sdk/client-ec2'
import { NormalizedSchema } from '@smithy/core/schema'
import { ApiError } from './api-error.ts'

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/'

interface Shapes {
  input: NormalizedSchema
  output: NormalizedSchema
}

/** The shapes of an operation as the vendor's package has them, or undefined when EC2 has no such operation. */
export function shapesOf(action: string): Shapes | undefined {
  const schema: unknown = /^[A-Z][A-Za-z0-9]*$/.test(action)
    ? (sdk as Readonly<Record<string, unknown>>)[`${action}$`]
    : undefined
  if (!Array.isArray(schema) || schema[0] !== 9) return undefined
  return { input: NormalizedSchema.of(refer(schema[4])), output: NormalizedSchema.of(refer(schema[5])) }
}

function refer(schema: unknown): Parameters<typeof NormalizedSchema.of>[0] {
  return (typeof schema === 'function' ? (schema as () => unknown)() : schema) as Parameters<
    typeof NormalizedSchema.of
  >[0]
}

type Node = { value?: string; children: Map<string, Node> }

/** Reads the parameters of a request by its schema. @throws ApiError UnknownParameter for one that EC2 does not define */
export function decode(schema: NormalizedSchema, form: URLSearchParams): unknown {
  const root: Node = { children: new Map() }
  for (const [key, value] of form) {
    if (key === 'Action' || key === 'Version') continue
    let node = root
    for (const part of key.split('.')) {
      const next = node.children.get(part) ?? { children: new Map() }
      node.children.set(part, next)
      node = next
    }
    node.value = value
  }
  return read(schema, root, '')
}

function read(schema: NormalizedSchema, node: Node, path: string): unknown {
  if (schema.isUnitSchema()) return {}
  if (schema.isStructSchema()) return readStruct(schema, node, path)
  if (schema.isListSchema()) {
    const numbers = [...node.children.keys()].sort((a, b) => Number(a) - Number(b))
    return numbers.map((number) => {
      if (!/^[1-9]\d*$/.test(number)) throw unknownParameter(`${path}.${number}`)
      return read(schema.getValueSchema(), node.children.get(number) ?? { children: new Map() }, `${path}.${number}`)
    })
  }
  const { value } = node
  if (value === undefined || node.children.size > 0) throw unknownParameter(path)
  if (schema.isBooleanSchema()) {
    if (value !== 'true' && value !== 'false')
      throw new ApiError('InvalidParameterValue', `${path} must be true or false`)
    return value === 'true'
  }
  if (schema.isTimestampSchema()) return new Date(value)
  if (schema.isBlobSchema()) return Buffer.from(value, 'base64')
  if (!schema.isNumericSchema()) return value
  if (!/^-?\d+(\.\d+)?$/.test(value)) throw new ApiError('InvalidParameterValue', `${path} must be a number`)
  return Number(value)
}

function readStruct(schema: NormalizedSchema, node: Node, path: string): Record<string, unknown> {
  const byKey = new Map([...schema.structIterator()].map(([name, member]) => [keyOf(name, member), { name, member }]))
  const found: Record<string, unknown> = {}
  for (const [key, child] of node.children) {
    const known = byKey.get(key)
    const where = path === '' ? key : `${path}.${key}`
    if (!known) throw unknownParameter(where)
    found[known.name] = read(known.member, child, where)
  }
  return found
}

/** The key of a member in a request, by the rules of the ec2Query protocol. */
function keyOf(name: string, member: NormalizedSchema): string {
  const { ec2QueryName, xmlName } = member.getMemberTraits()
  if (typeof ec2QueryName === 'string') return ec2QueryName
  const key = typeof xmlName === 'string' ? xmlName : name
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}`
}

function unknownParameter(path: string): ApiError {
  return new ApiError('UnknownParameter', `The parameter ${path} is not recognized`)
}

/** Writes an answer by its schema. @throws Error when it has a member that EC2 does not define: a bug of the simulator */
export function encode(action: string, schema: NormalizedSchema, value: object, requestId: string): string {
  const body = schema.isUnitSchema() ? '<return>true</return>' : write(schema, value, action)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="${NAMESPACE}"><requestId>${requestId}</requestId>${body}</${action}Response>`
}

function write(schema: NormalizedSchema, value: unknown, path: string): string {
  if (schema.isStructSchema()) {
    const members = new Map([...schema.structIterator()])
    return Object.entries(value as object)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => {
        const member = members.get(name)
        if (!member) throw new Error(`${path} has no member ${name} in EC2`)
        const { xmlName } = member.getMemberTraits()
        return element(typeof xmlName === 'string' ? xmlName : name, write(member, part, `${path}.${name}`))
      })
      .join('')
  }
  if (schema.isListSchema()) {
    const { xmlName } = schema.getValueSchema().getMergedTraits()
    const name = typeof xmlName === 'string' ? xmlName : 'member'
    return (value as readonly unknown[])
      .map((part) => element(name, write(schema.getValueSchema(), part, path)))
      .join('')
  }
  if (schema.isTimestampSchema()) return (value as Date).toISOString().replace(/\.\d+Z$/, '.000Z')
  if (schema.isBlobSchema()) return Buffer.from(value as Uint8Array).toString('base64')
  if (typeof value === 'string') return escape(value)
  if (typeof value !== 'number' && typeof value !== 'boolean') throw new Error(`${path} must be no ${typeof value}`)
  return String(value)
}

export function encodeError({ code, message }: ApiError, requestId: string): string {
  const error = `<Error>${element('Code', escape(code))}${element('Message', escape(message))}</Error>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>${error}</Errors><RequestID>${requestId}</RequestID></Response>`
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
