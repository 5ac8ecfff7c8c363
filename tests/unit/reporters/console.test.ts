import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { cleanText } from '../../../src/core/text.ts'
import { finalSummary } from '../../../src/reporters/console/final-summary.ts'
import { consoleReporter, type ConsoleOptions } from '../../../src/reporters/index.ts'
import { foldEvents } from '../../../src/results/run-model.ts'
import { sampleEvents, type SampleName } from './sample.ts'

async function play(name: SampleName, options: Partial<ConsoleOptions> & { isTTY?: boolean; columns?: number } = {}) {
  let text = ''
  let clock = 0
  const stream = {
    write: (chunk: string) => (text += chunk),
    isTTY: options.isTTY ?? false,
    columns: options.columns ?? 100,
    rows: 24,
  }
  const reporter = consoleReporter({
    env: {},
    now: () => clock,
    reports: () => ['reports/run/index.html'],
    ...options,
    stream,
  })
  for (const event of await sampleEvents(name)) {
    clock = Date.parse(event.at)
    reporter.onEvent(event)
  }
  reporter.close()
  reporter.close()
  return text
}

test('plain lines of a run that passed', async () => {
  expect(await play('passing')).toMatchInlineSnapshot(`
    "harness 0.1.0, run 20260822-101500-a1b2, 3 cells
    left out lxd/debian-13/default/virtual-machine: this host has no /dev/kvm
    [   0.0 s] lxd/debian-12/default/container  started
    [   0.3 s] lxd/debian-12/default/container  image 0.3 s
    [   1.3 s] lxd/debian-12/default/container  rest-facts 0.9 s
    [   1.5 s] lxd/debian-13/default/container  started
    [   1.8 s] lxd/debian-13/default/container  image 0.3 s
    [   1.9 s] lxd/debian-12/default/container  launch 0.6 s
    [   2.8 s] lxd/debian-13/default/container  rest-facts 0.9 s
    [   3.0 s] lxd/debian-sid/default/container  started
    [   3.3 s] lxd/debian-sid/default/container  image 0.3 s
    [   3.4 s] lxd/debian-13/default/container  launch 0.6 s
    [   4.3 s] lxd/debian-sid/default/container  rest-facts 0.9 s
    [   4.9 s] lxd/debian-sid/default/container  launch 0.6 s
    [   6.0 s] lxd/debian-12/default/container  first-boot 4.1 s
    [   6.9 s] lxd/debian-12/default/container  first-boot-facts 0.9 s
    [   7.3 s] lxd/debian-12/default/container  clean 0.4 s
    [   7.5 s] lxd/debian-13/default/container  first-boot 4.1 s
    [   7.8 s] lxd/debian-12/default/container  snapshot 0.5 s
    [   8.4 s] lxd/debian-13/default/container  first-boot-facts 0.9 s
    [   9.0 s] lxd/debian-sid/default/container  first-boot 4.1 s
    [   9.9 s] lxd/debian-sid/default/container  first-boot-facts 0.9 s
    [  10.3 s] lxd/debian-sid/default/container  clean 0.4 s
    [  10.8 s] lxd/debian-sid/default/container  snapshot 0.5 s
    [  12.3 s] lxd/debian-12/default/container  reboot 4.5 s
    [  13.1 s] lxd/debian-12/default/container  after-reboot-facts 0.8 s
    [  13.4 s] lxd/debian-12/default/container  pair 0.3 s
    [  15.3 s] lxd/debian-sid/default/container  reboot 4.5 s
    [  16.1 s] lxd/debian-sid/default/container  after-reboot-facts 0.8 s
    [  16.4 s] lxd/debian-sid/default/container  pair 0.3 s
    [  17.7 s] lxd/debian-13/default/container  upgrade 9.3 s
    [  17.7 s] lxd/debian-13/default/container  agent 25.1.4-1 -> 26.2-1
    [  18.1 s] lxd/debian-13/default/container  clean 0.4 s
    [  18.6 s] lxd/debian-13/default/container  snapshot 0.5 s
    [  23.1 s] lxd/debian-13/default/container  reboot 4.5 s
    [  23.9 s] lxd/debian-13/default/container  after-reboot-facts 0.8 s
    [  24.2 s] lxd/debian-12/default/container  checks 10.7 s
    [  24.3 s] lxd/debian-13/default/container  pair 0.3 s
    [  24.3 s] lxd/debian-13/default/container  ✘ loc-default (waived, first-boot): found: C, expected C.UTF-8
    [  25.9 s] lxd/debian-12/default/container  collect 1.7 s
    [  26.1 s] lxd/debian-12/default/container  scan-logs 0.2 s
    [  26.7 s] lxd/debian-12/default/container  destroy 0.6 s
    [  26.7 s] ✔ lxd/debian-12/default/container              pass           26.7 s  17 passed
    [  27.2 s] lxd/debian-sid/default/container  checks 10.7 s
    [  28.9 s] lxd/debian-sid/default/container  collect 1.7 s
    [  29.1 s] lxd/debian-sid/default/container  scan-logs 0.2 s
    [  29.7 s] lxd/debian-sid/default/container  destroy 0.6 s
    [  29.7 s] ✔ lxd/debian-sid/default/container             pass           26.7 s  17 passed
    [  35.6 s] lxd/debian-13/default/container  checks 11.3 s
    [  37.3 s] lxd/debian-13/default/container  collect 1.7 s
    [  37.5 s] lxd/debian-13/default/container  scan-logs 0.2 s
    [  38.1 s] lxd/debian-13/default/container  destroy 0.6 s
    [  38.1 s] ✔ lxd/debian-13/default/container              pass           36.6 s  15 passed, 1 skipped, 1 waived, 1 flaky

    ✔ lxd/debian-12/default/container              pass           26.7 s  17 passed
    ✔ lxd/debian-13/default/container              pass           36.6 s  15 passed, 1 skipped, 1 waiv…
    ✔ lxd/debian-sid/default/container             pass           26.7 s  17 passed
    – lxd/debian-13/default/virtual-machine left out: this host has no /dev/kvm

    flaky: failed, and passed when judged again on a fresh machine
      lxd/debian-13/default/container
        ssh-host-keys-stay: it failed before it passed

    ✔ all 3 cells passed; 1 flaky in 38.1 s
      reports/run/index.html
    "
  `)
})

test('the end of a run that failed says what, why and what to do', async () => {
  const text = await play('failing')
  expect(text.slice(text.indexOf('\n\n'))).toMatchInlineSnapshot(`
    "

    ✔ lxd/debian-12/default/container              pass           26.7 s  17 passed

    ✘ lxd/debian-13/default/container              fail           36.6 s  5 failed, 12 passed
      ✘ id-no-host-keys (rest) policy, blocker
        expected: the image brings no SSH host keys
        │ expected [ '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key' ] to equal []
        │ - []
        │ + ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key']
        → rm -f /etc/ssh/ssh_host_*_key* as the last step of the build
      ✘ reg-svc-failed (after-reboot) policy, blocker
        expected: no unit has failed
        │ expected [ 'cloud-config.service' ] to equal []
      ✘ log-ci-module-failed logs, major
        expected: no log shows that a cloud-init module failed
        │ util.py[WARNING]: Running module locale (<module 'cloudinit.config.cc_locale' from '/usr/lib/…
        │ Traceback (most recent call last):
        │   File "/usr/lib/python3/dist-packages/cloudinit/config/modules.py", line 246, in _run_modules
        │ … 2 more lines
      ✘ net-listeners (after-reboot) policy, major
        expected: only SSH listens on public addresses
        │ expected [ 22, 5355 ] to equal [ 22 ]
      ✘ ci-status-done regression, major
        expected: cloud-init ends with status done
        │ found: error, expected done
      the upgrade broke 2: reg-svc-failed, ci-status-done
      the upgrade fixed 1: ssh-password-auth-off
      why: harness explain id-no-host-keys
      again: harness run --filter lxd/debian-13/default/container

    ✘ lxd/debian-bad/default/container             fail       1 min 02 s  the instance did not reach i…
      the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode
        │ [  OK  ] Reached target local-fs.target - Local File Systems.
        │ [FAILED] Failed to start systemd-journald.service - Journal Service.
        │ You are in emergency mode. After logging in, type "journalctl -xb" to view
        │ Cannot open access to console, the root account is locked.
        → read the console log; the root account is locked, so boot with init=/bin/bash to look around
      again: harness run --filter lxd/debian-bad/default/container

    ? lxd/debian-sid/default/container             not judged      2.2 s  the storage pool "default" i…
      the storage pool "default" is full
        → free space in the pool, or run fewer cells at a time
      warning: the storage pool is 97 % full
      again: harness run --filter lxd/debian-sid/default/container
    – lxd/debian-13/default/virtual-machine left out: this host has no /dev/kvm

    left behind: one resource; \`harness sweep\` removes what it can
      machine harness-20260822-c3d4-2: the container is busy

    ✘ 1 of 4 cells passed: 2 failed, 1 not judged in 1 min 04 s
      reports/run/index.html
    "
  `)
})

test('an interrupted run says so', async () => {
  const text = await play('interrupted')
  expect(text.slice(text.indexOf('\n\n'))).toMatchInlineSnapshot(`
    "


    ? lxd/debian-12/default/container              not judged     21.0 s  14 passed
      the run was interrupted while this cell ran
      again: harness run --filter lxd/debian-12/default/container

    ? lxd/debian-13/default/container              not judged     17.1 s  the run was interrupted whil…
      the run was interrupted while this cell ran
      again: harness run --filter lxd/debian-13/default/container

    ? lxd/debian-sid/default/container             not judged     15.8 s  13 passed
      the run was interrupted while this cell ran
      again: harness run --filter lxd/debian-sid/default/container
    – lxd/debian-13/default/virtual-machine left out: this host has no /dev/kvm

    ? interrupted: 0 of 3 cells ended, 0 passed in 21.0 s
      reports/run/index.html
    "
  `)
})

test('a terminal gets a block that is redrawn in place, and its cursor back', async () => {
  const text = await play('failing', { isTTY: true })
  expect(text.split('\u001B[?25l')).toHaveLength(2)
  expect(text.split('\u001B[?25h')).toHaveLength(2)
  expect(text.indexOf('\u001B[?25l')).toBeLessThan(text.indexOf('\u001B[?25h'))
  expect(text).toContain('━')
  const screen = replay(await play('failing', { isTTY: true, env: { NO_COLOR: '1' } }))
  expect(screen.filter((line) => line.startsWith('✔ lxd/debian-12/'))).toHaveLength(1)
  expect(screen.join('\n')).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏━]/)
})

test.each([40, 60, 200])('no line of the block is wider than %i columns', async (columns) => {
  const text = await play('failing', { isTTY: true, columns, env: { NO_COLOR: '1' } })
  const frames = text.split('\u001B[?2026h').slice(1)
  const drawn = frames.flatMap((frame) =>
    stripVTControlCharacters(frame.slice(0, frame.indexOf('\u001B[J'))).split('\n'),
  )
  const block = drawn.filter((line) => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏━─]/.test(line))
  expect(block.length).toBeGreaterThan(50)
  expect(block.filter((line) => [...line].length > columns)).toEqual([])
})

test.each([
  ['a pipe', { isTTY: false }, false],
  ['a terminal', { isTTY: true, env: {} }, true],
  ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
  ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
  ['FORCE_COLOR', { isTTY: false, env: { FORCE_COLOR: '1' } }, true],
])('colours on %s: %s', async (_, options, expected) => {
  expect((await play('passing', options)).includes('\u001B[32m')).toBe(expected)
})

test('CI gets plain lines even on a terminal', async () => {
  expect(await play('passing', { isTTY: true, env: { CI: '1' } })).not.toContain('\u001B[?25l')
})

test('a guest cannot write to the terminal', async () => {
  const ours = [
    '\u001B[?2026h',
    '\u001B[?2026l',
    '\u001B[?25h',
    '\u001B[?25l',
    '\u001B[K',
    '\u001B[J',
    '\u001B[1F',
    '\u001B[2F',
    '\n',
  ]
  for (const isTTY of [true, false]) {
    let text = await play('hostile', { isTTY, env: { NO_COLOR: '1' } })
    for (const sequence of ours) text = text.replaceAll(sequence, '')
    expect(text).toContain('<script>')
    expect(cleanText(text)).toBe(text)
  }
})

/** What a terminal shows after `text`, as lines; understands only what we send. */
function replay(text: string): string[] {
  const lines: string[] = ['']
  let row = 0
  for (const [token] of text.replaceAll('\u001B[', '␛').matchAll(/␛[0-9?;]*[A-Za-z]|\n|[^␛\n]+/g)) {
    if (token === '\n') lines[++row] ??= ''
    else if (token.startsWith('␛') && token.endsWith('F')) row -= Number.parseInt(token.slice(1), 10)
    else if (token === '␛J') lines.splice(row, Infinity, '')
    else if (!token.startsWith('␛')) lines[row] = token
  }
  return lines
}

test('where there is room, cells with long ids are told apart to the end of a run', async () => {
  const run = foldEvents(await sampleEvents('passing'))
  const [first] = run.cells
  if (!first) throw new Error('the sample has cells')
  const named = (identity: string) => ({
    ...first,
    summary: { ...first.summary, id: `lxd/debian-13/default/container,identity=${identity}` },
  })
  const paint = (_sgr: string, text: string) => text
  const text = finalSummary({ ...run, cells: [named('digitalocean'), named('hetzner')] }, { width: 160, paint }).join(
    '\n',
  )
  expect(text).toMatch(/identity=digitalocean pass/)
  expect(text).toMatch(/identity=hetzner {6}pass/)
})
