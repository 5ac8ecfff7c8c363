import { registerSecret } from '../core/redact.ts'

const SECRET = /(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY)/i

/** Makes the values of variables whose names say that they are secret unpublishable. */
export function registerSecretsOf(environment: Readonly<Record<string, string | undefined>>): void {
  for (const [variable, value] of Object.entries(environment))
    if (value !== undefined && value.length >= 8 && SECRET.test(variable)) registerSecret(value)
}
