import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isAlive } from '../../../live/ssh/sshd.ts'
import { killScript, TokenGate, wrapCommand } from '../../../../src/instance/transport/remote-command.ts'

test('the gate lets through what follows the token, however the chunks are cut', () => {
  const whole = Buffer.from('noise\ntoken 42\nanswer\n')
  for (let cut = 0; cut <= whole.length; cut++) {
    const gate = new TokenGate('token')
    const out = Buffer.concat([gate.pass(whole.subarray(0, cut)), gate.pass(whole.subarray(cut))])
    expect([out.toString(), gate.rest]).toEqual(['answer\n', '42'])
  }
})

test('a flood before the token does not fill the memory', () => {
  const gate = new TokenGate('token')
  for (let round = 0; round < 100; round++) gate.pass(Buffer.alloc(65_536, 'x'))
  expect(gate.held.length).toBeLessThan(400_000)
  expect(gate.pass(Buffer.from('token\nafter')).toString()).toBe('after')
})

test('the exit code is reported even when the command changes file descriptors', () => {
  const { line, token } = wrapCommand('exec >/dev/null; exit 3', {}, true)
  const script = `${line.replace(/^exec /, '')} 2>&1`
  const output = execFileSync('sh', ['-c', `${script} || true`], { encoding: 'utf8' })
  expect(output).toMatch(new RegExp(`${token} end 3\n$`))
})

test.skipIf(process.platform !== 'linux')(
  'the kill script kills a tree that spreads over sessions and ignores signals',
  async () => {
    const child = spawn(
      'setsid',
      ['sh', '-c', "trap '' TERM HUP; (setsid sleep 99 & echo $!; sleep 98) & sleep 97 & echo $!; wait"],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    while (said.trim().split('\n').length < 2) await once(child.stdout, 'data')
    const exited = once(child, 'exit')
    execFileSync('sh', ['-c', killScript(child.pid ?? 0)])
    await exited
    for (const pid of said.trim().split('\n').map(Number)) expect(await isAlive(pid)).toBe(false)
  },
)
