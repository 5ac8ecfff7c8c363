import { matches, policy, wanted } from '../../src/testing/index.ts'

policy(
  'time-utc',
  {
    title: 'the time zone is UTC',
    because: 'logs of many instances must be comparable',
    source:
      'https://cloud.google.com/compute/docs/images/building-custom-os; https://github.com/osbuild/cloud-image-val, test_timezone_is_utc',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    fix: 'ln -sf /usr/share/zoneinfo/UTC /etc/localtime',
  },
  (context) => {
    context.expect(context.facts.time.zone, 'time zone').toBeOneOf([...wanted(context, 'timezones')])
  },
)

policy(
  'time-sync',
  {
    title: 'a time daemon is installed and starts at boot',
    because: 'TLS, Kerberos and cloud APIs refuse a clock that is minutes off',
    source:
      'https://cloud.google.com/compute/docs/images/building-custom-os; https://github.com/GoogleCloudPlatform/cloud-image-tests, TestNTP',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    applies: { ownKernel: true },
    fix: 'install chrony or systemd-timesyncd and enable it',
  },
  (context) => {
    const { time } = context.facts
    const daemons = wanted(context, 'timeDaemons')
    context
      .expect(
        time.daemons.filter((name) => daemons.includes(name)),
        'time daemons that are installed',
      )
      .not.toEqual([])
    context
      .expect(time.enabled, `time daemons that start at boot; installed are ${time.daemons.join(', ')}`)
      .not.toEqual([])
  },
)

policy(
  'time-single-daemon',
  {
    title: 'at most one time daemon starts at boot',
    because: 'two daemons pull one clock in two directions',
    source: 'systemd-timesyncd.service(8), Conflicts; https://chrony-project.org/faq.html',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'disable all but one of chrony, ntp, openntpd and systemd-timesyncd',
  },
  ({ facts, expect }) => {
    // chrony and chronyd, ntp and ntpd are names of one service.
    const families = [
      ...new Set(
        facts.time.enabled.map((name) => name.replace(/^chronyd$/, 'chrony').replace(/^(ntpd|ntpsec)$/, 'ntp')),
      ),
    ]
    expect(families.length, `time daemons that start at boot: ${families.join(', ') || 'none'}`).toBeLessThanOrEqual(1)
  },
)

policy(
  'time-platform-source',
  {
    title: "the platform's own time source is configured",
    because: 'it is nearer and steadier than public servers, and works without internet access',
    source:
      'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html; https://cloud.google.com/compute/docs/instances/configure-ntp',
    severity: 'minor',
    phase: 'first-boot',
    applies: { platforms: ['ec2', 'gce', 'azure', 'oci'] },
    fix: 'add the server of the platform to chrony.conf',
  },
  (context) => {
    const servers = wanted(context, 'timeServers')
    context
      .expect(
        context.facts.time.servers.filter((server) => matches(server, servers)),
        `time servers ${servers.join(', ')} among ${context.facts.time.servers.join(', ') || 'none'}`,
      )
      .not.toEqual([])
  },
)
