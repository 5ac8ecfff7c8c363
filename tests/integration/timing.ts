import { regression } from '../../src/testing/index.ts'
import { bootSeconds, cloudInitStages, skipEmulated, sshSeconds, unitStarts } from './probes/timing.ts'

regression(
  'reg-boot-budget',
  {
    title: 'the system boots within its budget',
    because: 'boot time is what autoscaling pays for, and a new wait of seconds is a bug somewhere',
    source:
      'https://github.com/GoogleCloudPlatform/cloud-image-tests (performance thresholds) and https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: '`systemd-analyze critical-chain` shows what the boot waited for',
  },
  async ({ instance, expect, expected, measure, skip, signal }) => {
    const budget = expected.bootSeconds ?? skip('no budget is declared')
    const seconds = await bootSeconds(instance, signal)
    measure({ name: 'boot', value: Math.round(seconds * 1000), unit: 'ms' })
    skipEmulated(instance, skip)
    expect(seconds, `seconds of user space, by ${budget.source}`).toBeLessThanOrEqual(budget.value)
  },
)

regression(
  'reg-time-to-ssh',
  {
    title: 'the SSH server listens within its budget',
    because: 'time to SSH is what users measure and compare',
    source: 'https://github.com/aws-samples/ec2-boot-bench and the cloud-init summit notes of August 2023',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: '`systemd-analyze critical-chain ssh.service` shows what it waited for',
  },
  async ({ instance, expect, expected, measure, skip }) => {
    const budget = expected.sshSeconds ?? skip('no budget is declared')
    const seconds = await sshSeconds(instance)
    if (seconds === undefined) skip('no SSH server is started on this boot')
    measure({ name: 'time to ssh', value: Math.round((seconds ?? 0) * 1000), unit: 'ms' })
    skipEmulated(instance, skip)
    expect(seconds, `seconds of user space until ssh, by ${budget.source}`).toBeLessThanOrEqual(budget.value)
  },
)

regression(
  'reg-ci-stage-budget',
  {
    title: 'the stages of cloud-init stay within their budget',
    because: 'each stage holds up a part of the boot: local the network, network the login, final the workload',
    source: 'https://docs.cloud-init.io/en/latest/explanation/boot.html and reference/performance_analysis.html',
    severity: 'major',
    fix: '`cloud-init analyze blame` names the module',
  },
  async ({ instance, expect, expected, measure, skip }) => {
    const budget = expected.cloudInitSeconds ?? skip('no budget is declared')
    const stages = await cloudInitStages(instance)
    expect(Object.keys(stages).length, 'stages in `cloud-init analyze dump`').toBeGreaterThanOrEqual(3)
    for (const [stage, seconds] of Object.entries(stages))
      measure({ name: `cloud-init ${stage}`, value: Math.round(seconds * 1000), unit: 'ms' })
    skipEmulated(instance, skip)
    const total = Object.values(stages).reduce((sum, seconds) => sum + seconds, 0)
    expect(total, `seconds of all stages, by ${budget.source}`).toBeLessThanOrEqual(budget.value)
  },
)

regression(
  'reg-no-wait-timeout',
  {
    title: 'no unit waited for a timeout during boot',
    because:
      'a wait for a device or a network that never comes costs 30 to 120 seconds of every boot and still ends in "running"',
    source: 'https://github.com/systemd/systemd/issues/22225',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: 'disable the unit that waits (often systemd-networkd-wait-online beside another network manager), or give it what it waits for',
  },
  async ({ instance, expect, expected }) => {
    const limit = expected.unitSeconds?.value ?? 30
    // Units that run by timer or on demand, such as apt-daily, are not part of the boot.
    const slow = (await unitStarts(instance)).filter((unit) => unit.seconds > limit)
    expect(slow, `units that took more than ${limit} s`).toEqual([])
    const journal = await instance.root.run('journalctl -b -o cat --no-pager', {
      deadline: '30 seconds',
      check: true,
      maxBytes: 8 * 1024 * 1024,
    })
    const waited = journal.stdout
      .split('\n')
      .filter((line) =>
        /Timed out waiting for device|start operation timed out|Timeout occurred while waiting for network/.test(line),
      )
    expect(waited, 'timeouts in the journal').toEqual([])
  },
)

regression(
  'reg-image-footprint',
  {
    title: 'size and number of packages of the image stay within their budget',
    because: 'every byte is stored, copied and read at the first boot, and every package is a thing to patch',
    source: 'https://wiki.debian.org/Cloud (Debian Cloud Sprint 2016: images are minimal)',
    severity: 'minor',
    fix: 'compare the package list with that of the image before',
  },
  async ({ instance, expect, expected, measure, skip }) => {
    const size = expected.imageMiB ?? skip('no budget is declared')
    const usage = await instance.root.run('du -skx /', { deadline: '60 seconds' })
    const kib = Number.parseInt(usage.stdout, 10)
    expect(kib, usage.stderr).toBeGreaterThan(0)
    const packages = await instance.packages.list()
    measure({ name: 'root file system', value: kib * 1024, unit: 'bytes' })
    measure({ name: 'packages', value: packages.size, unit: 'count' })
    expect(kib / 1024, `MiB, by ${size.source}`).toBeLessThanOrEqual(size.value)
    if (expected.packageCount)
      expect(packages.size, `packages, by ${expected.packageCount.source}`).toBeLessThanOrEqual(
        expected.packageCount.value,
      )
  },
)
