/** Text that must never be printed, stored or sent; filled by whoever makes or reads a secret. */
const secrets = new Set<string>()

/** Shapes that are secret wherever they appear. Linear patterns only: this runs over guest output. */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]{0,16384}?-----END (?:[A-Z]+ )?PRIVATE KEY-----/g,
  /\bA(?:KIA|SIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,2048}\.[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,2048}/g,
  /(?<=\b(?:password|passwd|secret|token|api_?key)["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"',;}]{4,256}/gi,
]

/** Remembers `value` as secret for the life of the process. Values under 6 characters are ignored: masking them would eat ordinary text. */
export function registerSecret(value: string): void {
  if (value.length >= 6) secrets.add(value)
}

/** Returns `text` with every registered secret and every known secret shape replaced by `***`. */
export function redact(text: string): string {
  let masked = text
  for (const secret of secrets) masked = masked.replaceAll(secret, '***')
  for (const shape of SHAPES) masked = masked.replace(shape, '***')
  return masked
}
