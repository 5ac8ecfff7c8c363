import { describeFiles, known, policy, wanted } from '../../src/testing/index.ts'

const AMI = 'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html'
const SHARED_AMI = 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html'

policy(
  'ssh-enabled',
  {
    title: 'the SSH server is installed and starts at boot',
    because: 'without it nobody can log in to a cloud instance',
    source: 'https://docs.openstack.org/image-guide/openstack-images.html, "SSH server running"',
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'systemctl enable ssh (or ssh.socket, sshd, dropbear)',
  },
  (context) => {
    const { facts, expect } = context
    if (wanted(context, 'sshServer') === 'optional') context.skip('this image is not used over SSH')
    const names = ['ssh.service', 'sshd.service', 'ssh.socket', 'sshd.socket', 'dropbear.service', 'dropbear.socket']
    const units = names.filter((name) => /^(enabled|generated)/.test(facts.unitFiles[name] ?? ''))
    const services = Object.values(facts.services)
      .flat()
      .filter((name) => /^(sshd|ssh|dropbear)$/.test(name))
    expect(
      [...units, ...services],
      `SSH services that start at boot; seen: ${names.map((name) => `${name}=${facts.unitFiles[name] ?? 'absent'}`).join(' ')}`,
    ).not.toEqual([])
  },
)

policy(
  'ssh-config-valid',
  {
    title: 'the SSH server accepts its configuration',
    because: 'a server that refuses its configuration does not start',
    source: 'sshd(8), -t',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'run sshd -t and repair the line it names',
  },
  ({ facts, expect, skip }) => {
    if (facts.sshd.program === 'dropbear') skip('dropbear has no configuration file')
    expect(facts.sshd.testExitCode, `sshd -t said: ${facts.sshd.testOutput || 'nothing'}`).toBe(0)
  },
)

policy(
  'ssh-password-auth-off',
  {
    title: 'SSH takes no passwords',
    because: 'every public address is tried with passwords within minutes of boot',
    source: `${AMI}, "must not allow SSH password authentication"`,
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'PasswordAuthentication no and KbdInteractiveAuthentication no in a file that sorts first in /etc/ssh/sshd_config.d; the first value wins',
  },
  ({ facts, expect }) => {
    if (facts.sshd.program === 'dropbear') {
      expect(
        facts.sshdFiles.filter(({ line }) => /OPTIONS|ARGS/i.test(line) && /-s\b/.test(line)).length,
        'options of dropbear with -s',
      ).toBeGreaterThan(0)
      return
    }
    const option = (name: string) => facts.sshd.options[name]
    expect(
      known(option('passwordauthentication'), 'passwordauthentication', 'sshd -T did not print it'),
      'PasswordAuthentication',
    ).toBe('no')
    const interactive = option('kbdinteractiveauthentication') ?? option('challengeresponseauthentication')
    expect(
      known(interactive, 'kbdinteractiveauthentication', 'sshd -T did not print it'),
      'KbdInteractiveAuthentication',
    ).toBe('no')
    expect(
      known(option('permitemptypasswords'), 'permitemptypasswords', 'sshd -T did not print it'),
      'PermitEmptyPasswords',
    ).toBe('no')
  },
)

policy(
  'ssh-root-login-restricted',
  {
    title: 'root cannot log in over SSH with a password',
    because: 'root is the one name every attacker knows',
    source: `${SHARED_AMI}, "Disable password-based remote logins for root"`,
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'PermitRootLogin prohibit-password, or no',
  },
  (context) => {
    const { facts, expect } = context
    if (facts.sshd.program === 'dropbear') context.skip('dropbear is judged by ssh-password-auth-off')
    const value = known(facts.sshd.options['permitrootlogin'], 'permitrootlogin', 'sshd -T did not print it')
    expect(value, 'PermitRootLogin').toBeOneOf([...wanted(context, 'rootLogin')])
  },
)

policy(
  'ssh-client-alive',
  {
    title: 'SSH keeps idle sessions alive for the platform',
    because: 'load balancers drop connections that are silent for four minutes',
    source: 'https://github.com/microsoft/lisa, azure_image_standard.py, verify_client_active_interval',
    severity: 'minor',
    phase: 'first-boot',
    fix: 'ClientAliveInterval 120 in /etc/ssh/sshd_config.d',
  },
  (context) => {
    const { min, max } = wanted(context, 'clientAliveSeconds')
    const seconds = Number(
      known(context.facts.sshd.options['clientaliveinterval'], 'clientaliveinterval', 'sshd -T did not print it'),
    )
    context.expect(seconds, 'ClientAliveInterval').toBeGreaterThanOrEqual(min)
    context.expect(seconds, 'ClientAliveInterval').toBeLessThanOrEqual(max)
  },
)

policy(
  'ssh-no-baked-authorized-keys',
  {
    title: 'no authorized SSH keys are baked in',
    because: 'whoever holds such a key can log in to every instance',
    source: `${AMI}; ${SHARED_AMI}, "Remove SSH authorized_keys"`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'remove every authorized_keys file at the end of the build',
  },
  ({ facts, expect }) => {
    const baked = facts.authorizedKeys.filter(({ bytes }) => bytes > 0)
    expect(
      baked.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      'authorized_keys files with content',
    ).toEqual([])
  },
)

policy(
  'ssh-hostkey-perms',
  {
    title: 'private host keys are readable by root only',
    because: 'who reads the host key can pretend to be the machine',
    source: 'sshd(8), FILES; https://github.com/osbuild/cloud-image-val, test_hostkey_permissions',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'chmod 600 /etc/ssh/ssh_host_*_key',
  },
  (context) => {
    const { modes, owners, groups } = wanted(context, 'hostKeyPrivate')
    const keys = context.facts.hostKeys.filter((key) => key.private)
    context
      .expect(
        keys.map(({ path }) => path),
        'private host keys',
      )
      .not.toEqual([])
    const open = keys.filter(
      ({ mode, owner, group }) => !modes.includes(mode) || !owners.includes(owner) || !groups.includes(group),
    )
    context
      .expect(
        describeFiles(open.map((key) => ({ ...key, type: 'f' }))),
        `host keys that are not ${modes.join(' or ')} ${owners.join('|')}:${groups.join('|')}`,
      )
      .toEqual([])
  },
)

policy(
  'ssh-no-weak-hostkey',
  {
    title: 'host keys are strong enough',
    because: 'DSA keys and short RSA keys can be forged',
    source: 'https://www.openssh.com/releasenotes.html, 7.0; NIST SP 800-131A Rev. 2',
    severity: 'minor',
    phase: 'first-boot',
    fix: 'list ssh_genkeytypes without dsa in /etc/cloud/cloud.cfg.d',
  },
  (context) => {
    const { facts, expect } = context
    const forbidden = facts.hostKeys.filter(({ type }) => wanted(context, 'forbiddenHostKeys').includes(type))
    expect(
      forbidden.map(({ path }) => path),
      'host keys of a type that is not allowed',
    ).toEqual([])
    const bits = wanted(context, 'rsaBits')
    const short = facts.hostKeys.filter((key) => key.type === 'rsa' && key.bits !== undefined && key.bits < bits)
    expect(
      short.map((key) => `${key.path} (${key.bits} bits)`),
      `RSA keys under ${bits} bits`,
    ).toEqual([])
  },
)
