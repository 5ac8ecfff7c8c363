import { matches, policy, wanted } from '../../src/testing/index.ts'

policy(
  'sec-sysctl',
  {
    title: 'kernel settings are at their safe values',
    because: 'each weak setting is one barrier less',
    source:
      'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/security; https://docs.kernel.org/admin-guide/sysctl/',
    severity: 'minor',
    phase: 'first-boot',
    applies: { ownKernel: true },
    fix: 'remove the line that changes it from /etc/sysctl.d',
  },
  (context) => {
    const { sysctls } = context.facts
    const wrong = Object.entries(wanted(context, 'sysctls')).filter(
      ([key, values]) => !values.includes(sysctls[key] ?? ''),
    )
    context
      .expect(
        wrong.map(([key, values]) => `${key}=${sysctls[key] ?? 'absent'}, wanted ${values.join(' or ')}`),
        'settings',
      )
      .toEqual([])
  },
)

policy(
  'sec-mac',
  {
    title: 'mandatory access control is on as the distribution ships it',
    because: 'it limits what a broken service can do',
    source: 'https://wiki.debian.org/AppArmor; https://github.com/osbuild/cloud-image-val, test_selinux_mode',
    severity: 'major',
    phase: 'first-boot',
    applies: { ownKernel: true },
    fix: 'install apparmor, or set SELINUX=enforcing',
  },
  (context) => {
    const { kind, modes } = wanted(context, 'mandatoryAccess')
    context.expect(context.facts.mandatoryAccess.kind, 'kind of access control').toBe(kind)
    context.expect(context.facts.mandatoryAccess.mode, 'mode').toBeOneOf([...modes])
  },
)

policy(
  'sec-no-remote-logging',
  {
    title: 'logs are sent nowhere and no unknown job runs',
    because: 'a public image must not report about its users',
    source:
      'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html, "Customer information policies"',
    severity: 'major',
    phase: 'rest',
    fix: 'remove the remote target from rsyslog.conf; remove the cron job',
  },
  (context) => {
    const { facts, expect } = context
    expect(
      facts.remoteLogging.map(({ file, line }) => `${file}: ${line.trim()}`),
      'remote log targets',
    ).toEqual([])
    const allowed = wanted(context, 'cronFiles')
    const unknown = [...new Set(facts.cron.map(({ file }) => file))].filter((file) => !matches(file, allowed))
    expect(unknown, 'cron files that no stock package ships').toEqual([])
  },
)

policy(
  'sec-known-timers',
  {
    title: 'only known timers run',
    because: 'a timer is a cron job under another name',
    source:
      'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html, "Customer information policies"; systemd.timer(5)',
    severity: 'minor',
    phase: 'first-boot',
    applies: { init: ['systemd'] },
    fix: 'disable the timer, or record it as expected',
  },
  (context) => {
    // The last is set behind the back of the guest, so that a machine of a cloud that nobody destroys ends itself.
    const allowed = [...wanted(context, 'timers'), 'harness-expiry.timer']
    context
      .expect(
        context.facts.timers.filter((name) => !matches(name, allowed)),
        'other timers',
      )
      .toEqual([])
  },
)
