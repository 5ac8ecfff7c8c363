import type { Answer, ImdsRequest } from './cloud.ts'

/** Plain text, status 200. */
export function text(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'text/plain', ...headers }, body }
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}

export function xml(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8', ...headers }, body }
}

/** A refusal with a short reason as text. */
export function refuse(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body: reason }
}

export function notFound(): Answer {
  return refuse(404, '404 - Not Found')
}

/** Refuses every method but the ones named. */
export function onlyMethods(request: ImdsRequest, ...methods: readonly string[]): Answer | undefined {
  if (methods.includes(request.method)) return undefined
  return refuse(405, '405 - Method Not Allowed', { allow: methods.join(', ') })
}

/** Text made safe for an XML element. */
export function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
