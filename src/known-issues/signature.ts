import { createHash } from 'node:crypto'
import { cleanText } from '../core/text.ts'
import type { CheckRecord } from '../results/check-record.ts'

/**
 * What differs from machine to machine, and the word that stands for it. The order counts: a longer shape comes before one
 * that is part of it. Every pattern is linear.
 */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // Names that the harness itself gives: machines and runs.
  [/\bh-\d{8}-\d{6}-[\w.-]{1,120}/g, 'MACHINE'],
  [/\b\d{8}-\d{6}-[a-z0-9]{4}\b/g, 'RUN'],
  [/\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b/g, 'MAC'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z| ?[+-]\d\d:?\d\d| UTC)?/g, 'TIME'],
  [/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?\b/g, 'TIME'],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\b/g, 'TIME'],
  [/\b\d{4}-\d\d-\d\d\b/g, 'DATE'],
  [/\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b/g, 'UUID'],
  [/\b(?:i|ami|vol|eni|subnet|sg|vpc|snap|eipalloc)-[0-9a-f]{8,17}\b/g, 'RESOURCE'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?::\d{1,5})?\b/g, 'IP'],
  [/(?<![\w:.])(?=[0-9a-fA-F]{0,4}:[0-9a-fA-F]{0,4}:)[0-9a-fA-F:]{3,45}(?:\/\d{1,3})?(?![\w:])/g, 'IP'],
  [/\b0x[0-9a-fA-F]{1,16}\b/g, 'HEX'],
  [/\bSHA256:[A-Za-z0-9+/]{43}=?/g, 'HEX'],
  [/\b(?=[a-f]{0,127}\d)[0-9a-f]{8,128}\b/g, 'HEX'],
  [/\b\d{1,15}(?:\.\d{1,9})? ?(?:ms|us|ns|s|sec|seconds?|min|minutes?|h|hours?)\b/g, 'DURATION'],
  [/\b\d{1,15}(?:\.\d{1,9})? ?(?:B|[KMGT]i?B|bytes)\b/g, 'SIZE'],
  [/\[\d{1,10}\]/g, '[PID]'],
  [/\bport \d{1,5}\b/g, 'port N'],
  [/\/tmp\/[\w.@+-]{1,200}/g, '/tmp/NAME'],
  [/\b\d{4,20}\b/g, 'N'],
]

const TOP_LINES = 5
const LONGEST_LINE = 400

/** A text without what differs from machine to machine: times, addresses, ids, sizes, durations. */
export function normaliseFailure(text: string): string {
  let line = cleanText(text)
  for (const [shape, word] of SHAPES) line = line.replace(shape, word)
  return line.replaceAll(/[ \t]+/g, ' ').trim()
}

/**
 * The name of a kind of failure: the same for the same failure on another machine and another day.
 * Made of the check and the first lines of what it says, normalised.
 */
export function failureSignature(check: string, text: string): string {
  return createHash('sha256').update(signatureText(check, text)).digest('hex').slice(0, 16)
}

function signatureText(check: string, text: string): string {
  const lines = text
    .split('\n', 50)
    .map((line) => normaliseFailure(line.slice(0, LONGEST_LINE)))
    .filter((line) => line !== '')
  return [check, ...lines.slice(0, TOP_LINES)].join('\n')
}

/** What a record that did not hold says, as text: its reason, then messages and what was seen. */
export function failureText(record: Pick<CheckRecord, 'reason' | 'errors'>): string {
  const parts = record.errors.flatMap(({ message, actual, diff }) => [
    message,
    ...(actual === undefined || message.includes(actual) ? [] : [actual]),
    ...(diff === undefined ? [] : [diff]),
  ])
  return [...(record.reason === undefined ? [] : [record.reason]), ...parts].join('\n')
}
