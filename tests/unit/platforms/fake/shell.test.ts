import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { FileTree } from '../../../../src/platforms/fake/file-tree.ts'
import { BUILTINS } from '../../../../src/platforms/fake/shell/builtins.ts'
import { PROGRAMS } from '../../../../src/platforms/fake/shell/programs.ts'
import { Shell } from '../../../../src/platforms/fake/shell/run.ts'

async function run(script: string): Promise<{ out: string; code: number }> {
  const files = new FileTree()
  files.makeFolder('/tmp')
  let out = ''
  const programs = new Map(Object.entries({ ...PROGRAMS, ...BUILTINS }))
  const shell = new Shell({ files, programs, signal: new AbortController().signal, tick: () => undefined })
  const code = await shell.runScript(script, {
    stdin: { data: Buffer.alloc(0) },
    out: (chunk) => (out += chunk.toString()),
    err: () => undefined,
  })
  return { out, code }
}

// The reference is the shell of this host: both must print the same and end the same.
test.each([
  `a=1; b="$a 2"; echo "$b" '$a' $b`,
  `for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done`,
  `i=0; while [ $i -lt 5 ]; do i=$((i + 1)); [ $i -gt 3 ] && break; echo $i; done; echo "end $i"`,
  `case abc.deb in *.rpm) echo rpm ;; *.deb|*.udeb) echo deb ;; esac`,
  `f() { echo "<$1>" "$#"; return 4; }; f 'a b' c; echo $?`,
  `set -- 'x y' z; for a in "$@"; do echo "[$a]"; done; echo "$#"; shift; echo "$1"`,
  `x=/a/b/c.txt; echo \${x%/*} \${x##*/} \${x%.txt} \${#x} \${y:-none} \${x:+set}`,
  `echo one; false || echo two; true && echo three; ! false && echo four`,
  `printf '%s|%5d|%-4s|%%\\n' a 42 b c 7 d`,
  `(exit 3); echo $?; { echo grouped; } ; exit 7`,
  `echo "$(echo nested "$(echo deep)")" \`echo old\``,
  `printf 'b\\na\\n' | sort | head -n 1`,
  `if [ -n "" ]; then echo yes; elif [ 1 -eq 1 ]; then echo elif; else echo no; fi`,
  `cat <<END\nvalue $((2 * 3))\nEND\ncat <<'END'\n$raw\nEND`,
  `printf 'l1\\nl2\\n' | while read -r line; do echo "got $line"; done`,
  `sh -c 'echo "$0-$1"' zero one; sh -c 'exit 9'; echo $?`,
  `unset q; echo "\${q-default}"; q=; echo "[\${q-default}]" "[\${q:-empty}]"`,
  `echo a > /tmp/hf-$$; echo b >> /tmp/hf-$$; cat /tmp/hf-$$; rm /tmp/hf-$$; [ -e /tmp/hf-$$ ] || echo gone`,
  `echo err >&2; echo out 2>/dev/null; no-such-program 2>/dev/null; echo $?`,
])('%s', async (script) => {
  let expected: { out: string; code: number }
  try {
    expected = {
      out: execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      code: 0,
    }
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number }
    expected = { out: stdout, code: status }
  }
  expect(await run(script)).toEqual(expected)
})

test('a syntax error is exit code 2, not an exception', async () => {
  expect((await run('if true; then')).code).toBe(2)
})
