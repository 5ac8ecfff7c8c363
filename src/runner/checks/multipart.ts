import { createHash } from 'node:crypto'

const TYPES: readonly [prefix: string, type: string][] = [
  ['#cloud-config-archive', 'text/cloud-config-archive'],
  ['#cloud-config', 'text/cloud-config'],
  ['#include', 'text/x-include-url'],
  ['#cloud-boothook', 'text/cloud-boothook'],
  ['#part-handler', 'text/part-handler'],
  ['## template: jinja', 'text/jinja2'],
  ['#!', 'text/x-shellscript'],
]

/** User data of several checks in one: a MIME message with a part for each, or the only one as it is. */
export function mergeUserData(parts: readonly string[]): string | undefined {
  if (parts.length <= 1) return parts[0]
  const boundary = `harness-${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 24)}`
  const bodies = parts.map((text, index) =>
    [
      `--${boundary}`,
      `Content-Type: ${typeOf(text)}; charset="utf-8"`,
      'MIME-Version: 1.0',
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="part-${String(index + 1).padStart(3, '0')}"`,
      // Lists such as write_files are added up instead of the last part replacing the others.
      'Merge-Type: list(append)+dict(recurse_list)+str()',
      '',
      wrap(Buffer.from(text, 'utf8').toString('base64')),
    ].join('\n'),
  )
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    'MIME-Version: 1.0',
    '',
    ...bodies,
    `--${boundary}--`,
    '',
  ].join('\n')
}

function typeOf(text: string): string {
  return TYPES.find(([prefix]) => text.startsWith(prefix))?.[1] ?? 'text/plain'
}

function wrap(base64: string): string {
  return base64.match(/.{1,76}/g)?.join('\n') ?? ''
}
