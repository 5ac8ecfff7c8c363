import { expect, test } from 'vitest'
import { groupFailures, type Failure } from '../../../src/known-issues/group-failures.ts'
import { failureSignature, normaliseFailure } from '../../../src/known-issues/signature.ts'

test.each([
  ['h-20261122-110750-sply-debian-12-subject-58a9c4bb is gone', 'MACHINE is gone'],
  ['run 20261122-110750-sply', 'run RUN'],
  ['2026-08-22T10:15:33.123Z up', 'TIME up'],
  ['2026-08-22 10:15:33,100 - x', 'TIME - x'],
  ['Aug 22 10:15:33 host sshd[812]: no', 'TIME host sshd[PID]: no'],
  ['10:15:33 and 2026-08-22', 'TIME and DATE'],
  ['id 6fa459ea-ee8a-3ca4-894e-db77e160355e', 'id UUID'],
  ['link 02:42:ac:11:00:02 down', 'link MAC down'],
  ['i-0abcd1234ef567890 in subnet-0a1b2c3d', 'RESOURCE in RESOURCE'],
  ['10.0.3.7:8443 and 10.0.3.0/24', 'IP and IP'],
  ['fe80::216:3eff:fe00:1 and ::1 and 2001:db8::/32', 'IP and IP and IP'],
  ['at 0xffff8800 in deadbeef01', 'at HEX in HEX'],
  ['took 12.5 s, then 3 minutes', 'took DURATION, then DURATION'],
  ['has 12345 bytes and 1.5 GiB', 'has SIZE and SIZE'],
  ['port 50123, size 123456', 'port N, size N'],
  ['/tmp/tmpab12/file', '/tmp/NAME/file'],
  ['a word, 12 of them, stays', 'a word, 12 of them, stays'],
])('%j becomes %j', (text, normal) => {
  expect(normaliseFailure(text)).toBe(normal)
})

test('the id of a kind of failure is for ever', () => {
  expect(failureSignature('ssh-host-keys', 'key of 10.0.3.7 is older than the boot')).toBe('e4314ae7a0bd7af9')
})

test('hostile text is normalised in linear time', () => {
  for (const piece of ['0', 'a', '1.', 'f:', '::', '0-', '/tmp/a', ' 1']) {
    const long = piece.repeat(200_000)
    expect(failureSignature('check', long)).toHaveLength(16)
  }
})

const failure = (cell: string, at: string, text: string): Failure => ({
  run: `run-${at}`,
  cell,
  check: 'ssh-host-keys',
  status: 'fail',
  at,
  text,
})

test('failures that differ by machine and day are one group, whatever else fails', () => {
  const same = [failure('a', '2026-01-02', 'lost 10.0.0.1'), failure('b', '2026-01-03', 'lost 10.9.9.9')]
  const [alone] = groupFailures(same)
  const groups = groupFailures([failure('c', '2026-01-01', 'another thing'), ...same])
  expect(groups.map(({ count }) => count)).toEqual([2, 1])
  expect(groups[0]).toEqual(alone)
  expect(alone).toMatchObject({
    example: 'lost 10.9.9.9',
    firstSeen: '2026-01-02',
    lastSeen: '2026-01-03',
    cells: ['b', 'a'],
  })
})
