import { z } from 'zod'
import type { Route } from './route.ts'

/** A description of the API by OpenAPI 3.1, made of the same data that answers requests. */
export function openApi(routes: readonly Route[], about: { title: string; version: string; url: string }): object {
  const schemas: Record<string, unknown> = {}
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of routes) {
    const path = one.path.replaceAll('*}', '}')
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
    paths[path] = {
      ...paths[path],
      [one.method.toLowerCase()]: {
        summary: one.summary,
        parameters: [
          ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
          ...parametersOf(one.query),
        ],
        responses: {
          200: { description: 'As asked.', content: contentOf(one, schemas) },
          default: {
            description: 'What went wrong.',
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        },
      },
    }
  }
  schemas['Problem'] = {
    type: 'object',
    properties: { status: { type: 'integer' }, detail: { type: 'string' }, hint: { type: 'string' } },
    required: ['status', 'detail'],
  }
  return {
    openapi: '3.1.0',
    info: { title: about.title, version: about.version },
    servers: [{ url: about.url }],
    paths,
    components: { schemas },
  }
}

type JsonSchema = Record<string, unknown>

function parametersOf(query: z.ZodObject | undefined): object[] {
  if (!query) return []
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' }) as { properties?: Record<string, JsonSchema> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

function contentOf({ reply, type = 'application/json' }: Route, schemas: Record<string, unknown>): object {
  return { [reply ? 'application/json' : type]: { schema: reply ? componentOf(reply, schemas) : {} } }
}

/** The schema of an answer; parts that have a name become components. */
function componentOf(shape: z.ZodType, schemas: Record<string, unknown>): JsonSchema {
  const made = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as JsonSchema & {
    $defs?: Record<string, JsonSchema>
  }
  const { $defs = {}, $schema: _, ...schema } = made
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'id' || typeof value !== 'object')
        .map(([key, of]) => [
          key,
          key === '$ref' ? String(of).replace('#/$defs/', '#/components/schemas/') : moved(of),
        ]),
    )
  }
  for (const [name, of] of Object.entries($defs)) schemas[name] = moved(of)
  return moved(schema) as JsonSchema
}
