import { policy, regression } from 'harness/testing'

policy(
  'company-no-telnet',
  {
    title: 'no telnet server or client is installed',
    because: 'passwords typed into it cross the network in the clear',
    source: 'https://wiki.example.org/hardening#telnet',
    severity: 'major',
    phase: 'rest',
    fix: 'apt-get purge telnet inetutils-telnet telnetd',
  },
  ({ facts, expect }) => {
    const names = facts.packages.filter((item) => item.status === 'installed').map((item) => item.name)
    expect(names.filter((name) => name.includes('telnet'))).toEqual([])
  },
)

regression(
  'company-time-is-kept',
  {
    title: 'a file written before a reboot is there after it, with its time',
    because: 'an image that mounts its disk read-only, or on a file system in memory, loses data silently',
    source: 'https://wiki.example.org/images#disk',
    severity: 'blocker',
    disruptive: true,
  },
  async ({ instance, expect, measure }) => {
    const path = '/var/lib/company-check'
    await instance.root.writeFile(path, 'kept\n')
    const before = await instance.root.sh`stat -c %Y ${path}`
    const started = performance.now()
    await instance.reboot()
    measure({ name: 'reboot', value: performance.now() - started, unit: 'ms' })
    expect(await instance.root.readFile(path)).toBe('kept\n')
    expect(await instance.root.sh`stat -c %Y ${path}`).toBe(before)
  },
)
