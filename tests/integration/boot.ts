import { regression } from '../../src/testing/index.ts'

regression(
  'reg-boot-ssh',
  {
    title: 'the instance accepts an SSH login with the injected key',
    because: 'nothing else can be done with an instance nobody can log in to; an open port is not a login',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#ssh',
    severity: 'blocker',
    applies: { capabilities: ['ssh'] },
    fix: 'look at sshd in the journal, and at authorized_keys of the default user',
  },
  async ({ instance, expect, signal }) => {
    await using ssh = instance.ssh()
    // A login that is refused is this check's finding, not trouble of the harness.
    const result = await ssh
      .run('id -un; cat /proc/sys/kernel/random/boot_id', { deadline: '60 seconds', signal })
      .catch((error: Error) => ({ stdout: '', stderr: error.message, exitCode: 255 }))
    const [user = '', bootId = ''] = result.stdout.trim().split('\n')
    expect(result.exitCode, result.stderr).toBe(0)
    expect(user, 'the login user').toMatch(/^[a-z_][a-z0-9_-]*$/)
    expect(bootId, 'the boot id seen over SSH and over the usual line').toBe(await instance.bootId())
  },
)

regression(
  'reg-boot-no-panic',
  {
    title: 'the console shows no kernel panic, lockup, emergency shell or boot loader prompt',
    because: 'a machine may answer after all and still have lost a disk or a CPU on the way',
    source: 'https://docs.kernel.org/admin-guide/bug-hunting.html',
    severity: 'blocker',
    applies: { capabilities: ['console'] },
    fix: 'the line on the console names the subsystem',
  },
  async ({ instance, expect, skip }) => {
    const console = await instance.consoleLog()
    if (console.trim() === '') skip('the console is empty')
    const trouble =
      /Kernel panic - not syncing|(?:soft|hard) lockup|rcu_(?:sched|preempt)[^\n]*(?:stall|detected)|blocked for more than \d+ seconds|^\(initramfs\)|Entering emergency mode|You are in (?:emergency|rescue) mode|grub(?:>| rescue>)|kernel BUG at/m
    expect(trouble.exec(console)?.[0] ?? '', 'trouble on the console').toBe('')
  },
)

regression(
  'reg-sd-cycle',
  {
    title: 'systemd found no ordering cycle and dropped no job',
    because:
      'a cycle is broken by leaving out a unit, on some boots cloud-init itself, whose status then stays "not run"',
    source:
      'https://github.com/canonical/cloud-init/issues/5755 and https://github.com/canonical/cloud-init/issues/4101',
    severity: 'blocker',
    applies: { init: ['systemd'] },
    fix: '`systemd-analyze verify default.target` names the units; remove one of the orderings',
  },
  async ({ instance, expect }) => {
    const journal = await instance.root.run('journalctl -b -o cat --no-pager _PID=1', {
      deadline: '30 seconds',
      check: true,
    })
    expect(journal.stdout, 'the journal of systemd').toMatch(/\S/)
    const cycles = journal.stdout.split('\n').filter((line) => /ordering cycle|deleted to break/i.test(line))
    expect(cycles, 'lines about cycles').toEqual([])
    const verify = await instance.root.run('systemd-analyze verify default.target', { deadline: '60 seconds' })
    const found = `${verify.stdout}\n${verify.stderr}`.split('\n').filter((line) => /ordering cycle/i.test(line))
    expect(found, 'cycles among the units of the default target').toEqual([])
  },
)
