import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

regression(
  'reg-mod-write-files',
  {
    title: 'files are written with content, encoding, mode and owner as asked, deferred ones after users exist',
    because: 'it is the most used module, and a wrong mode on a key file is a hole',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#write-files',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      users:
        - name: harness-writer
      write_files:
        - path: /var/lib/harness/plain
          permissions: '0640'
          content: |
            first line
        - path: /var/lib/harness/plain
          append: true
          permissions: '0640'
          content: |
            second line
        - path: /var/lib/harness/encoded
          encoding: b64
          content: cGxhaW4gY29udGVudAo=
        - path: /var/lib/harness/packed
          encoding: gz+b64
          content: H4sIAAAAAAACAytITM5OTVFIzs8rSc0r4QIA19LbqQ8AAAA=
        - path: /var/lib/harness/deferred
          owner: harness-writer:harness-writer
          permissions: '0600'
          defer: true
          content: written last
    `),
    fix: 'see the write_files and write_files_deferred modules in /var/log/cloud-init.log',
  },
  async ({ instance, expect }) => {
    const read = (name: string) => instance.root.readFile(`/var/lib/harness/${name}`)
    expect(await read('plain'), 'written and appended to').toBe('first line\nsecond line\n')
    expect(await read('encoded'), 'base64').toBe('plain content\n')
    expect(await read('packed'), 'gzip and base64').toBe('packed content\n')
    expect(await read('deferred'), 'deferred').toBe('written last')
    const modes = await instance.root.sh`stat -c '%a %U:%G' /var/lib/harness/plain /var/lib/harness/deferred`
    expect(modes.split('\n'), 'mode and owner').toEqual(['640 root:root', '600 harness-writer:harness-writer'])
  },
)
