import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { commandLine, quote, quoteAll } from '../../../src/instance/shell.ts'
import type { ShellValue } from '../../../src/instance/shell.ts'
import { NASTY } from '../../conformance/transport-contract.ts'

const line = (strings: TemplateStringsArray, ...values: ShellValue[]) => commandLine(strings, values)

test('a real shell gives every nasty word back unchanged', () => {
  const output = execFileSync('sh', ['-c', `printf '%s\\001' ${quoteAll(NASTY)}`], { encoding: 'utf8' })
  expect(output.split('\u0001').slice(0, -1)).toEqual(NASTY)
})

test('plain words stay readable', () => {
  expect(line`systemctl is-active ${'ssh.service'} --since=${5}`).toBe('systemctl is-active ssh.service --since=5')
})

test('an array is several words and an empty one none', () => {
  expect(line`apt-get install ${['a b', 'c']} ${[]} end`).toBe("apt-get install 'a b' c  end")
})

test('a backslash stays what the author wrote', () => {
  expect(line`grep '\.deb$' \`x\` \${HOME} ${'$x'}`).toBe("grep '\\.deb$' `x` ${HOME} '$x'")
})

test.each([
  ['single', () => line`echo '${'x'}'`],
  ['double', () => line`echo "${'x'}"`],
  ['a comment', () => line`echo # ${'x'}`],
  ['two parts', () => line`echo ${'a'} 'it ${'x'}'`],
])('an interpolation inside %s quotes is refused', (_name, make) => {
  expect(make).toThrow(ConfigError)
})

test('quotes that are closed before an interpolation are fine', () => {
  expect(line`awk '{print $1}' ${'f'} "it's" \' ${'g'} a#b ${'h'}`).toContain('a#b h')
})

test('NUL and undefined are refused, not passed on as text', () => {
  expect(() => quote('a\0b')).toThrow(ConfigError)
  expect(() => commandLine(Object.assign(['a ', ''], { raw: ['a ', ''] }), [undefined as never])).toThrow(ConfigError)
})
