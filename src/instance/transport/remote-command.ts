import { randomBytes } from 'node:crypto'
import { quote } from '../shell.ts'

/** A command line for a remote login shell, and the token its first lines of output carry. */
export interface RemoteCommand {
  line: string
  token: string
}

/**
 * Wraps `command` so that its output can be told from what the login shell's start-up files print, and its process id is known:
 * the token comes first on both streams, on stderr with the id of the session's first process. That costs no process.
 * With `reportEnd` the exit code comes last on stderr, for clients whose own failures share an exit code with the command's.
 */
export function wrapCommand(
  command: string,
  env: Readonly<Record<string, string>> = {},
  reportEnd = false,
): RemoteCommand {
  const token = `harness-${randomBytes(8).toString('hex')}`
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`)
  const begin = `echo ${token} $$ >&2; echo ${token}\n${exports.join('')}`
  const body = reportEnd ? `(\n${command}\n)\ncode=$?; echo ${token} end $code >&2; exit $code` : command
  return { token, line: `exec /bin/sh -c ${quote(begin + body)}` }
}

/** Passes on what comes after the line that carries the token. */
export class TokenGate {
  readonly #token: Buffer
  #waiting: Buffer | undefined = Buffer.alloc(0)
  /** What stood behind the token on its line; undefined until it came. */
  rest: string | undefined

  constructor(token: string) {
    this.#token = Buffer.from(token)
  }

  pass(chunk: Buffer): Buffer {
    if (this.#waiting === undefined) return chunk
    this.#waiting = Buffer.concat([this.#waiting, chunk])
    const at = this.#waiting.indexOf(this.#token)
    const end = at < 0 ? -1 : this.#waiting.indexOf(10, at)
    if (end < 0) {
      // Start-up files that flood must not fill the memory; the token is shorter than what is kept.
      if (this.#waiting.length > 262_144) this.#waiting = this.#waiting.subarray(-4096)
      return Buffer.alloc(0)
    }
    this.rest = this.#waiting
      .subarray(at + this.#token.length, end)
      .toString('latin1')
      .trim()
    const after = this.#waiting.subarray(end + 1)
    this.#waiting = undefined
    return after
  }

  /** What came instead of a token. */
  get held(): string {
    return this.#waiting?.toString('utf8') ?? ''
  }
}

/**
 * A script that kills process `pid`, its descendants and everything in their process groups and sessions.
 * It reads /proc with the shell alone, because a small system may have neither ps, pkill nor timeout.
 */
export function killScript(pid: number): string {
  return `all=${pid}
scan() {
  more=
  if [ -r /proc/self/stat ]; then
    for f in /proc/[0-9]*/stat; do
      { read -r line < "$f"; } 2>/dev/null || continue
      one=\${line%% *}; set -- \${line##*) }
      match "$one" "$2" "$3" "$4"
    done
  else
    while read -r one parent group session; do match "$one" "$parent" "$group" "$session"; done <<END
$(ps -axo pid=,ppid=,pgid=,sid= 2>/dev/null)
END
  fi
  all="$all$more"
}
match() {
  case " $all$more " in *" $1 "*) return ;; esac
  case " $all$more " in *" $2 "*|*" $3 "*|*" $4 "*) more="$more $1" ;; esac
}
for round in 1 2 3; do
  scan; while [ -n "$more" ]; do scan; done
  kill -KILL $all 2>/dev/null
done
:`
}
