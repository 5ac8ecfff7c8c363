import { expect, test } from 'vitest'
import { parseAnalyzeDump, parseSystemdTime } from '../../../src/runner/cell/boot-times.ts'

test.each([
  [
    'Startup finished in 9.925s (userspace) \nmulti-user.target reached after 9.696s in userspace.',
    { 'boot.userspace': 9925 },
  ],
  [
    'Startup finished in 3.1s (firmware) + 812ms (loader) + 1.5s (kernel) + 2s (initrd) + 1min 2.25s (userspace) = 1min 9.6s',
    { 'boot.firmware': 3100, 'boot.loader': 812, 'boot.kernel': 1500, 'boot.initrd': 2000, 'boot.userspace': 62_250 },
  ],
  ['Bootup is not yet finished.', {}],
  ['', {}],
])('systemd-analyze time: %s', (text, expected) => {
  expect(parseSystemdTime(text)).toEqual(expected)
})

test('cloud-init analyze dump: the stages of the last boot', () => {
  const event = (name: string, event_type: string, timestamp: number) => ({
    name,
    event_type,
    timestamp,
    origin: 'cloudinit',
  })
  const dump = [
    event('init-local', 'start', 100),
    event('init-local', 'finish', 109),
    event('init-local', 'start', 200.5),
    event('init-local/check-cache', 'start', 200.6),
    event('init-local/check-cache', 'finish', 200.7),
    event('init-local', 'finish', 202),
    event('init-network', 'start', 203),
    event('init-network', 'start', 203.2),
    event('init-network', 'finish', 204),
    event('modules-final', 'start', 210),
  ]
  expect(parseAnalyzeDump(JSON.stringify(dump))).toEqual({ 'cloud-init.init-local': 1500, 'cloud-init.init': 1000 })
  for (const text of ['', '{}', 'null', '[1,null,{"name":"init-local","event_type":"start","timestamp":"x"}]'])
    expect(parseAnalyzeDump(text)).toEqual({})
})
