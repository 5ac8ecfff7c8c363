/** Text that must never be printed, stored or sent; filled by whoever makes or reads a secret. */
const secrets = new Set<string>()

/** Shapes that are secret wherever they appear. Linear patterns only: this runs over guest output. */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]{0,16384}?-----END (?:[A-Z]+ )?PRIVATE KEY-----/g,
  /\bA(?:KIA|SIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,2048}\.[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{10,2048}/g,
]

/** A word that announces a secret, what joins it to its value, and the value. */
const ANNOUNCED = /\b(password|passwd|secret|token|api_?key)(["']?\s{0,3}[:=]\s{0,3}["']?)([^\s"',;}]{4,256})/gi

/** Remembers `value` as secret for the life of the process. Values under 6 characters are ignored: masking them would eat ordinary text. */
export function registerSecret(value: string): void {
  if (value.length >= 6) secrets.add(value)
}

/** The registered secrets that some texts contain, for a process that must mask them too. */
export function secretsIn(texts: Iterable<string>): string[] {
  const all = [...texts]
  return [...secrets].filter((secret) => all.some((text) => text.includes(secret)))
}

/** Plain data with every registered secret replaced by `***` in its texts, and nothing else changed. */
export function withoutSecrets<T>(value: T): T {
  const plain = JSON.stringify(value)
  if (![...secrets].some((secret) => plain.includes(JSON.stringify(secret).slice(1, -1)))) return value
  const mask = (text: string) => [...secrets].reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? mask(part) : part))
  return JSON.parse(text) as T
}

/** Returns `text` with every registered secret and every known secret shape replaced by `***`. */
export function redact(text: string): string {
  let masked = text
  for (const secret of secrets) masked = masked.replaceAll(secret, '***')
  for (const shape of SHAPES) masked = masked.replace(shape, '***')
  return masked.replace(ANNOUNCED, (match, word: string, joint: string, value: string, at: number, whole: string) =>
    isValue(joint, value) || isAlone(whole, at, at + match.length) ? `${word}${joint}***` : match,
  )
}

/** Whether what follows is a value and not the next word of a sentence, such as `no secret: permission denied`. */
function isValue(joint: string, value: string): boolean {
  return joint !== ': ' || /[^A-Za-z.:!?()/-]|[a-z][A-Z]/.test(value)
}

/** Whether it is a line of settings: nothing stands before it but indentation or a dash, and nothing after it. */
function isAlone(text: string, from: number, to: number): boolean {
  const before = text.slice(Math.max(0, from - 40), from)
  const after = text.slice(to, to + 40)
  return /(?:^|\n)\s*(?:- )?$/.test(before) && /^[ \t\r]*(?:\n|$)/.test(after)
}
