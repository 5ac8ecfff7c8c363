import { regression } from '../../src/testing/index.ts'

regression(
  'reg-svc-failed',
  {
    title: 'no unit is in state failed',
    because:
      'a failed unit is a feature that does not work, and it makes "degraded" normal so that the next one goes unseen',
    source: 'https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#is-system-running',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: '`systemctl status UNIT` and the journal tell why; a unit the platform cannot run belongs into the expectations, with its reason',
  },
  async ({ instance, expect, expected, signal }) => {
    await instance.waitForBoot({ deadline: '2 minutes', signal })
    const listed = await instance.sh`systemctl list-units --state=failed --no-legend --plain --no-pager`
    const failed = listed
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[0] ?? '')
      .filter(Boolean)
    const known = (expected.failedUnits?.value ?? []).map(glob)
    expect(
      failed.filter((unit) => !known.some((pattern) => pattern.test(unit))),
      'failed units',
    ).toEqual([])
  },
)

regression(
  'reg-journal-baseline',
  {
    title: 'the journal of this boot has no unknown error',
    because: 'errors that nobody explained are how regressions between two images are noticed first',
    source: 'https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#-p',
    severity: 'minor',
    applies: { init: ['systemd'] },
    fix: 'repair what logs it, or list the message as tolerated with its reason',
  },
  async ({ instance, expect, expected, attach }) => {
    const journal = await instance.root.run('journalctl -b -p err --no-pager -o cat', {
      deadline: '30 seconds',
      check: true,
    })
    const tolerated = (expected.toleratedJournalMessages?.value ?? []).map((entry) => new RegExp(entry.pattern))
    const lines = journal.stdout.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('-- '))
    const unknown = [...new Set(lines)].filter((line) => !tolerated.some((pattern) => pattern.test(line)))
    if (unknown.length > 0) attach('journal-errors.txt', unknown.join('\n'))
    expect(unknown.slice(0, 20), 'errors in the journal').toEqual([])
  },
)

regression(
  'reg-mac-denials',
  {
    title: 'SELinux and AppArmor denied nothing during boot',
    because: 'a denial is a program that could not do its work, mostly without a word in its own log',
    source:
      'https://documentation.suse.com/sles/15-SP6/html/SLES-all/part-apparmor.html and https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/9/html/using_selinux/',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: 'repair the profile or label named in the message',
  },
  async ({ instance, expect }) => {
    const journal = await instance.root.run('journalctl -b --no-pager -o cat _TRANSPORT=kernel + _TRANSPORT=audit', {
      deadline: '30 seconds',
    })
    // No matching entry makes journalctl fail on some versions; only a journal that cannot be read at all is trouble.
    const readable = await instance.root.probe`journalctl -b -n 1 --no-pager -o cat`
    expect(readable.exitCode, readable.stderr).toBe(0)
    const denials = journal.stdout
      .split('\n')
      .filter((line) => /apparmor="DENIED"|avc:\s+denied|type=(?:1400|AVC)\b.*denied/i.test(line))
    expect(denials.slice(0, 20)).toEqual([])
  },
)

function glob(name: string): RegExp {
  return new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')}$`)
}
