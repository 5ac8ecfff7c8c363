import { known, policy, wanted } from '../../src/testing/index.ts'

const AMI = 'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html'

policy(
  'acct-no-empty-password',
  {
    title: 'no account has an empty password',
    because: 'anybody who reaches a login prompt of such an account is in',
    source: `${AMI}, "must not have blank or null root passwords"`,
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'lock the account: passwd -l NAME, or put * into its field of /etc/shadow',
  },
  (context) => {
    const allowed = wanted(context, 'emptyPasswords')
    const empty = context.facts.accounts.filter(({ password, name }) => password === 'empty' && !allowed.includes(name))
    context
      .expect(
        empty.map(({ name }) => name),
        'accounts that need no password',
      )
      .toEqual([])
  },
)

policy(
  'acct-no-usable-password',
  {
    title: 'no account has a usable password',
    because: 'a password in an image is the same on every instance and known to whoever built it',
    source: `${AMI}, "must not contain authorized passwords"`,
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'remove the password at the end of the build: usermod -p "*" NAME',
  },
  ({ facts, expect }) => {
    const usable = facts.accounts.filter(({ password }) => password === 'usable')
    expect(
      usable.map(({ name }) => name),
      'accounts with a password hash',
    ).toEqual([])
  },
)

policy(
  'acct-root-locked',
  {
    title: 'root has no password to log in with',
    because: 'root is the one name every attacker knows',
    source:
      'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html, "Disable local root access"',
    severity: 'blocker',
    phase: ['rest', 'first-boot'],
    fix: 'usermod -p "*" root; without PAM the field must be *, because ! refuses key logins too',
  },
  (context) => {
    const allowed = wanted(context, 'rootPassword')
    if (allowed.length === 0) context.skip('this variant lets root log in on the console')
    const root = known(
      context.facts.accounts.find(({ name }) => name === 'root'),
      'root',
      'passwd has no root',
    )
    context.expect(root.password, 'class of the password field of root').toBeOneOf([...allowed])
  },
)

policy(
  'acct-single-uid0',
  {
    title: 'only root has user id 0',
    because: 'a second account with id 0 is root under a name nobody watches',
    source: 'CIS Benchmarks for Debian Linux, "Ensure root is the only UID 0 account"',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'give the other account its own id, or remove it',
  },
  (context) => {
    const allowed = wanted(context, 'rootAccounts')
    const others = context.facts.accounts.filter(({ uid, name }) => uid === 0 && !allowed.includes(name))
    context
      .expect(
        others.map(({ name }) => name),
        'other accounts with user id 0',
      )
      .toEqual([])
  },
)

policy(
  'acct-system-nologin',
  {
    title: 'system accounts have no login shell',
    because: 'a service account that can log in is a way in that nobody uses on purpose',
    source: 'https://salsa.debian.org/cloud-team/debian-cloud-images, system_tests, test_passwd_shell',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'usermod -s /usr/sbin/nologin NAME',
  },
  (context) => {
    const [first, allowed] = [wanted(context, 'firstUserId'), wanted(context, 'systemShells')]
    const login = context.facts.accounts.filter(
      ({ uid, name, shell }) =>
        uid > 0 && uid < first && !allowed.includes(name) && !/(^|\/)(nologin|false|sync|halt|shutdown)$/.test(shell),
    )
    context
      .expect(
        login.map(({ name, shell }) => `${name} ${shell || '(empty: /bin/sh)'}`),
        'system accounts with a login shell',
      )
      .toEqual([])
  },
)

policy(
  'acct-no-baked-users',
  {
    title: 'no login account is baked into the image',
    because: 'every instance would carry the same account of the builder',
    source:
      'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic, "Remove users and system accounts, public keys, sensitive data"',
    severity: 'blocker',
    phase: 'rest',
    fix: 'delete the account at the end of the build: userdel -r NAME',
  },
  (context) => {
    const [first, allowed] = [wanted(context, 'firstUserId'), wanted(context, 'bakedUsers')]
    const baked = context.facts.accounts.filter(
      ({ uid, name }) => uid >= first && uid < 65534 && name !== 'nobody' && !allowed.includes(name),
    )
    context
      .expect(
        baked.map(({ name, uid }) => `${name} (${uid})`),
        'accounts of people',
      )
      .toEqual([])
  },
)

policy(
  'acct-default-user',
  {
    title: 'the expected default user exists, is locked and is in no group it should not be in',
    because: 'documentation and automation log in by that name',
    source:
      'https://salsa.debian.org/cloud-team/debian-cloud-images, cloud.cfg.d; https://github.com/osbuild/cloud-image-val, test_username',
    severity: 'major',
    phase: 'first-boot',
    fix: 'set system_info.default_user.name in /etc/cloud/cloud.cfg.d',
  },
  (context) => {
    const { facts, expect } = context
    const name = wanted(context, 'defaultUser')
    const account = facts.accounts.find((known) => known.name === name)
    if (name === 'none') return context.skip('an agent of the platform creates users here')
    expect(
      account?.name,
      `account ${name}; accounts of people: ${
        facts.accounts
          .filter(({ uid }) => uid >= 1000 && uid < 65534)
          .map((known) => known.name)
          .join(', ') || 'none'
      }`,
    ).toBe(name)
    expect(account?.password, `class of the password field of ${name}`).toBeOneOf(['locked', 'star'])
    const forbidden = context.expected.forbiddenUserGroups?.value ?? []
    const groups = facts.groups.filter(
      ({ name: group, members }) => members.includes(name) && forbidden.includes(group),
    )
    expect(
      groups.map((group) => group.name),
      `groups ${name} must not be in`,
    ).toEqual([])
  },
)

policy(
  'acct-sudo-policy',
  {
    title: 'the default user gets root without a password and the rules are valid',
    because: 'a user whose password is locked cannot answer a password prompt',
    source: 'https://github.com/microsoft/lisa, azure_image_standard.py, verify_default_targetpw; sudoers(5)',
    severity: 'major',
    phase: 'first-boot',
    fix: 'let cloud-init write the rule (default_user.sudo), and remove "Defaults targetpw"',
  },
  (context) => {
    const { facts, expect } = context
    const { sudo } = facts
    expect(sudo.programs, 'programs that give root rights').not.toEqual([])
    expect(
      known(sudo.checkExitCode, 'validity of the sudo rules', 'neither visudo nor doas ran'),
      sudo.checkOutput,
    ).toBe(0)
    const targetpw = sudo.lines.filter(({ line }) => /^Defaults\b.*(^|[\s,])targetpw\b/.test(line))
    expect(
      targetpw.map(({ file, line }) => `${file}: ${line}`),
      'rules that ask for the password of root',
    ).toEqual([])
    const user = wanted(context, 'defaultUser')
    if (user === 'none') return
    const groups = facts.groups.filter(({ members }) => members.includes(user)).map(({ name }) => `%${name}`)
    const rules = sudo.lines.filter(({ line }) => {
      const [who = ''] = line.split(/\s+/)
      const doas = /^permit\s.*\bnopass\b.*(\s|:)(\S+)/.test(line) && line.includes(user)
      return doas || ([user, ...groups].includes(who) && /NOPASSWD:\s*ALL/.test(line))
    })
    expect(
      rules.map(({ file, line }) => `${file}: ${line}`),
      `rules that give ${user} everything without a password`,
    ).not.toEqual([])
  },
)

policy(
  'acct-no-history',
  {
    title: 'no shell history is left',
    because: 'history shows what the builder typed, secrets included',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html, "Delete the shell history"',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'remove the files at the end of the build and build without interactive shells',
  },
  ({ facts, expect }) => {
    expect(
      facts.history.map(({ path, bytes }) => `${path} (${bytes} bytes)`),
      'history files with content',
    ).toEqual([])
  },
)
