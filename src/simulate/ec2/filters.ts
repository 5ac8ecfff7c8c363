import type { Filter, Tag } from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'

type Values = readonly (string | undefined)[]

/** What filters of one kind of resource look at, by the filter's name. */
export type Filterable<T> = Readonly<Record<string, (item: T) => Values>>

/** The items that pass every filter. @throws ApiError InvalidParameterValue for a filter that this resource has not, or none here */
export function filtered<T extends { Tags?: Tag[] | undefined }>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  known: Filterable<T>,
): T[] {
  const tests = (filters ?? []).map(({ Name = '', Values: wanted = [] }) => {
    const patterns = wanted.map((value) => patternOf(value))
    const values = valuesOf(Name, known)
    return (item: T) =>
      values(item).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)))
  })
  return items.filter((item) => tests.every((test) => test(item)))
}

function valuesOf<T extends { Tags?: Tag[] | undefined }>(name: string, known: Filterable<T>): (item: T) => Values {
  if (name === 'tag-key') return ({ Tags }) => (Tags ?? []).map(({ Key }) => Key)
  if (name.startsWith('tag:'))
    return ({ Tags }) => (Tags ?? []).filter(({ Key }) => Key === name.slice(4)).map(({ Value }) => Value)
  const found = Object.hasOwn(known, name) ? known[name] : undefined
  if (!found) throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`)
  return found
}

/** `*` is any text, `?` any character. */
function patternOf(value: string): RegExp {
  const source = value
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`)
}

/** One page, and where the next begins. @throws ApiError InvalidNextToken */
export function pageOf<T>(
  items: readonly T[],
  { MaxResults, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
  most: number,
): { items: T[]; NextToken?: string } {
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64url').toString())
  if (!Number.isInteger(from) || from < 0) throw new ApiError('InvalidNextToken', `The token '${NextToken}' is invalid`)
  const to = from + Math.min(MaxResults || most, most)
  return {
    items: items.slice(from, to),
    ...(to < items.length ? { NextToken: Buffer.from(String(to)).toString('base64url') } : {}),
  }
}
