import { type Document, isScalar, isSeq, type Scalar, visit } from 'yaml'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { nearest } from './nearest.ts'

/** Key of the list of variables a file may use. */
const ALLOWED = 'from-environment'

const SECRET = /pass|secret|token|key|credential/i

/** Whether a variable or a key of this name may hold a secret. */
export function soundsSecret(name: string): boolean {
  return SECRET.test(name)
}

/**
 * Replaces `${NAME}` and `${NAME:-otherwise}` in every value of a document. Only the variables the document itself lists are looked up;
 * `$${` stands for `${` itself. Values of variables that sound like secrets are masked from then on.
 * @throws ConfigError with line and column for any other `${`
 */
export function fillIn(
  document: Document,
  text: string,
  at: (offset: number) => SourcePosition,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const list = document.get(ALLOWED)
  const allowed = new Set(
    isSeq(list)
      ? list.items.flatMap((item) => (isScalar(item) && typeof item.value === 'string' ? [item.value] : []))
      : [],
  )
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      node.value = replaced(node.value, (nth) => at(placeOf(node, text, nth)), allowed, environment)
    },
  })
}

function replaced(
  value: string,
  position: (nth: number) => SourcePosition,
  allowed: ReadonlySet<string>,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  let nth = 0
  return value.replaceAll(/(\$?)\$\{([^}]*)(\}?)/g, (whole, escape: string, inside: string) => {
    const place = nth++
    if (escape) return whole.slice(1)
    const [, name = '', otherwise] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside) ?? []
    if (!whole.endsWith('}') || name === '')
      throw new ConfigError(`"${whole.slice(0, 40)}" names no variable`, {
        position: position(place),
        hint: 'write ${NAME} or ${NAME:-otherwise}, or $${ for these two characters',
      })
    if (!allowed.has(name)) {
      const near = nearest(name, allowed)
      throw new ConfigError(`the variable ${name} is not in ${ALLOWED}`, {
        position: position(place),
        hint: near
          ? `did you mean "${near}"?`
          : `add it to the list ${ALLOWED}, or write $\${${name}} to keep the text as it is`,
      })
    }
    const found = environment[name] ?? otherwise
    if (found === undefined)
      throw new ConfigError(`the variable ${name} is not set`, {
        position: position(place),
        hint: `set it in the environment, or write \${${name}:-otherwise}`,
      })
    if (soundsSecret(name) && environment[name] !== undefined) registerSecret(found)
    return found
  })
}

/** Where the nth `${` of a value is in the file; `$${` counts too. */
function placeOf(node: Scalar, text: string, nth: number): number {
  const [start = 0, end = start] = node.range ?? []
  let place = start
  for (let count = 0, from = start; count <= nth; count++) {
    const found = text.indexOf('${', from)
    if (found < 0 || found >= end) break
    place = found
    from = found + 2
  }
  return place
}
