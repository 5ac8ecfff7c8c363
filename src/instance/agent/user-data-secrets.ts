import { registerSecret } from '../../core/redact.ts'

/** Keys of cloud-config whose value nobody should read in a report. */
const SECRET_KEY =
  /^[\s-]*["']?(?:password|passwd|hashed_passwd|plain_text_passwd|token|secret|api_key|consumer_secret|token_secret|rsa_private|ecdsa_private|ed25519_private)["']?\s*:\s*(.*)$/i

/**
 * Makes the harness mask the secrets of a user-data text wherever they come back.
 * Works on lines, because user-data may be of any format and need not parse.
 */
export function registerUserDataSecrets(userData: string): void {
  let list = false
  for (const line of userData.split('\n')) {
    const value = SECRET_KEY.exec(line)?.[1]
    if (value !== undefined) registerValue(value)
    // `chpasswd: list:` holds "name:password" lines.
    if (/^\s+list:\s*\|?\s*$/.test(line)) list = true
    else if (/^\S/.test(line)) list = false
    else if (list) registerValue(/^\s+[^:\s]+:(\S+)\s*$/.exec(line)?.[1] ?? '')
  }
}

function registerValue(raw: string): void {
  const value = raw.trim().replace(/^(["'])(.*)\1$/, '$2')
  if (/^(?:\*|!|RANDOM|R|\||>|true|false|null)?[-+]?$/.test(value)) return
  registerSecret(value)
}
