import { describe, expect, test } from 'vitest'
import { openSimulated } from './open-simulated.ts'

const ID = /^i-[0-9a-f]{17}$/

describe('a launch', () => {
  test('gives a machine that answers, with the user-data as they were', async () => {
    await using ec2 = await openSimulated()
    await using instance = await ec2.session.launch({ image: 'debian-13', userData: '#cloud-config\n' })
    expect(instance.id).toMatch(ID)
    await instance.waitUntilReady()
    expect(await instance.sh`cat /var/lib/cloud/seed/user-data`).toBe('#cloud-config')
    await instance.destroy()
    await instance.destroy()
    expect(await ec2.session.list()).toEqual([])
  })

  test('leaves nothing of the run when the session ends', async () => {
    await using ec2 = await openSimulated()
    const instance = await ec2.session.launch({ image: 'debian-13' })
    expect((await ec2.session.resources()).map(({ kind }) => kind).sort()).toEqual([
      'disk',
      'key',
      'machine',
      'network',
      'nic',
    ])
    await instance.destroy()
    await ec2.session.close()
    await using again = await openSimulated()
    void again
    expect(ec2.operations()).toContain('DeleteSecurityGroup')
    expect(ec2.operations()).toContain('DeleteKeyPair')
  })
})
