import { expect, test } from 'vitest'
import { githubAnnotations } from '../../../src/reporters/github.ts'
import { markdownSummary } from '../../../src/reporters/markdown.ts'
import { sampleRun } from './sample.ts'

test('a run that passed is short', async () => {
  expect(markdownSummary(await sampleRun('passing'), { reportUrl: 'https://ci.example/run 1/' }))
    .toMatchInlineSnapshot(`
      "## ✅ all 3 cells passed; 1 flaky

      Run \`20260822-101500-a1b2\`, harness 0.1.0, 38.1 s. [Full report](<https://ci.example/run%201/>)

      | | cell | agent | time | checks |
      |---|---|---|---|---|
      | ✅ pass | \`lxd/debian-12/default/container\` | as in the image | 26.7 s | 17 passed |
      | ✅ pass | \`lxd/debian-13/default/container\` | 25.1.4-1 → 26.2-1 | 36.6 s | 15 passed, 1 skipped, 1 waived, 1 flaky |
      | ✅ pass | \`lxd/debian-sid/default/container\` | as in the image | 26.7 s | 17 passed |

      ### Flaky: failed, and passed when judged again on a fresh machine

      - \`lxd/debian-13/default/container\` \`ssh-host-keys-stay\`: it failed before it passed

      ### Waivers

      - \`lxd/debian-13/default/container\` \`loc-default\`: waived until 2026-12-31: C.UTF-8 comes with the next point release \\(https&#8203;://bugs.debian.org/900000\\)

      ### What the agent upgrade changed

      | cell | broke | fixed | failed before and after |
      |---|---|---|---|
      | \`lxd/debian-13/default/container\` | \`loc-default\` | – | – |

      <details><summary>1 left out</summary>

      - \`lxd/debian-13/default/virtual-machine\`: this host has no /dev/kvm

      </details>
      "
    `)
})

test('a run that failed', async () => {
  expect(markdownSummary(await sampleRun('failing'))).toMatchInlineSnapshot(`
    "## ❌ 1 of 4 cells passed: 2 failed, 1 not judged

    Run \`20260822-101500-c3d4\`, harness 0.1.0, 1 min 04 s.

    | | cell | agent | time | checks |
    |---|---|---|---|---|
    | ✅ pass | \`lxd/debian-12/default/container\` | as in the image | 26.7 s | 17 passed |
    | ❌ fail | \`lxd/debian-13/default/container\` | 25.1.4-1 → 26.2-1 | 36.6 s | 5 failed, 12 passed |
    | ❌ fail | \`lxd/debian-bad/default/container\` | as in the image | 1 min 02 s | the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode |
    | ❔ not judged | \`lxd/debian-sid/default/container\` | as in the image | 2.2 s | the storage pool &quot;default&quot; is full |

    <details><summary>❌ <b>lxd/debian-13/default/container</b>: 5 problems</summary>

    ❌ **\`id-no-host-keys\`** (policy, blocker, rest): expected that the image brings no SSH host keys

    \`\`\`text
    expected [ '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key' ] to equal []
    - []
    + ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key']
    \`\`\`

    → rm -f /etc/ssh/ssh\\_host\\_\\*\\_key\\* as the last step of the build

    _two machines with one key can pose as each other_ (\`harness explain id-no-host-keys\`)

    ❌ **\`reg-svc-failed\`** (policy, blocker, after-reboot): expected that no unit has failed

    \`\`\`text
    expected [ 'cloud-config.service' ] to equal []
    \`\`\`

    _a unit that fails on every boot hides the one that matters_ (\`harness explain reg-svc-failed\`)

    ❌ **\`log-ci-module-failed\`** (logs, major): expected that no log shows that a cloud-init module failed

    \`\`\`text
    util.py[WARNING]: Running module locale (<module 'cloudinit.config.cc_locale' from '/usr/lib/python3/dist-packages/cloudinit/config/cc_locale.py'>) failed
    Traceback (most recent call last):
      File "/usr/lib/python3/dist-packages/cloudinit/config/modules.py", line 246, in _run_modules
    cloudinit.subp.ProcessExecutionError: Unexpected error while running command.
    Command: ['update-locale', '--locale-file=/etc/default/locale', 'LANG=en_US.UTF-8']
    \`\`\`

    ❌ **\`net-listeners\`** (policy, major, after-reboot): expected that only SSH listens on public addresses

    \`\`\`text
    expected [ 22, 5355 ] to equal [ 22 ]
    \`\`\`

    ❌ **\`ci-status-done\`** (regression, major): expected that cloud-init ends with status done

    \`\`\`text
    expected 'error' to be 'done'
    \`\`\`

    Again: \`harness run --filter lxd/debian-13/default/container\`

    </details>

    <details><summary>❌ <b>lxd/debian-bad/default/container</b>: the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode</summary>

    the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode

    \`\`\`text
    [  OK  ] Reached target local-fs.target - Local File Systems.
    [FAILED] Failed to start systemd-journald.service - Journal Service.
    You are in emergency mode. After logging in, type "journalctl -xb" to view
    Cannot open access to console, the root account is locked.
    \`\`\`

    → read the console log; the root account is locked, so boot with init=/bin/bash to look around

    Again: \`harness run --filter lxd/debian-bad/default/container\`

    </details>

    <details><summary>❔ <b>lxd/debian-sid/default/container</b>: the storage pool &quot;default&quot; is full</summary>

    the storage pool &quot;default&quot; is full

    → free space in the pool, or run fewer cells at a time

    Again: \`harness run --filter lxd/debian-sid/default/container\`

    </details>

    ### What the agent upgrade changed

    | cell | broke | fixed | failed before and after |
    |---|---|---|---|
    | \`lxd/debian-13/default/container\` | \`reg-svc-failed\`, \`ci-status-done\` | \`ssh-password-auth-off\` | \`net-listeners\` |

    ### Left behind

    \`harness sweep\` removes what it can.

    - machine harness-20260822-c3d4-2: the container is busy

    <details><summary>1 left out</summary>

    - \`lxd/debian-13/default/virtual-machine\`: this host has no /dev/kvm

    </details>
    "
  `)
})

test('it is never longer than a comment may be', async () => {
  const run = await sampleRun('failing')
  const cells = Array.from({ length: 200 }, () => run.cells[1]).flatMap((cell) => cell ?? [])
  const text = markdownSummary({ ...run, cells })
  expect(text.length).toBeLessThan(60_000)
  expect(text).toContain('more sections are in the full report')
})

test('hostile text cannot become HTML, a mention, a link or the end of a code block', async () => {
  const text = markdownSummary(await sampleRun('hostile'))
  const tags = new Set(
    [...text.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '').matchAll(/<\/?[a-z!][^>]*>/gi)].map(([tag]) => tag),
  )
  expect([...tags].sort()).toEqual(['</b>', '</details>', '</summary>', '<b>', '<details>', '<summary>'])
  const outside = text.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  expect(outside).not.toMatch(/@everyone|\]\(|javascript:/)
})

test('annotations: problems of the image are errors, the rest warnings; no line can start another command', async () => {
  expect(githubAnnotations(await sampleRun('failing'))).toMatchInlineSnapshot(`
    [
      "::error title=lxd/debian-13/default/container%3A id-no-host-keys (rest)::expected: the image brings no SSH host keys%0Aexpected [ '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key' ] to equal []",
      "::error title=lxd/debian-13/default/container%3A reg-svc-failed (after-reboot)::expected: no unit has failed%0Aexpected [ 'cloud-config.service' ] to equal []",
      "::error title=lxd/debian-13/default/container%3A log-ci-module-failed::expected: no log shows that a cloud-init module failed%0Autil.py[WARNING]: Running module locale (<module 'cloudinit.config.cc_locale' from '/usr/lib/python3/dist-packages/cloudinit/config/cc_locale.py'>) failed",
      "::error title=lxd/debian-13/default/container%3A net-listeners (after-reboot)::expected: only SSH listens on public addresses%0Aexpected [ 22, 5355 ] to equal [ 22 ]",
      "::error title=lxd/debian-13/default/container%3A ci-status-done::expected: cloud-init ends with status done%0Aexpected 'error' to be 'done'",
      "::error title=lxd/debian-bad/default/container::the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode",
      "::warning title=lxd/debian-sid/default/container::the storage pool "default" is full",
    ]
  `)
  const hostile = githubAnnotations(await sampleRun('hostile'))
  expect(hostile.length).toBeLessThanOrEqual(20)
  expect(hostile.filter((line) => line.includes('\n') || !line.startsWith('::'))).toEqual([])
})
