import { expect, test } from 'vitest'
import { loadPackage } from '../../../src/platforms/load-package.ts'

const PACKAGES = ['@google-cloud/compute@7.8.0', 'google-auth-library@11.3.4']
const absent = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /x`), { code: 'ERR_MODULE_NOT_FOUND' })

test('a package that is not installed is said with the command that brings it', async () => {
  const loading = loadPackage('the platform gce', PACKAGES, () => Promise.reject(absent('google-auth-library')))
  await expect(loading).rejects.toMatchObject({
    name: 'PrerequisiteError',
    blame: 'host',
    message: 'the platform gce needs @google-cloud/compute, google-auth-library, which is optional',
    hint: 'npm install @google-cloud/compute@7.8.0 google-auth-library@11.3.4',
  })
})

test('any other failure is passed on as it is', async () => {
  const other = absent('something-else')
  await expect(loadPackage('x', PACKAGES, () => Promise.reject(other))).rejects.toBe(other)
  const broken = new Error('broken')
  await expect(loadPackage('x', PACKAGES, () => Promise.reject(broken))).rejects.toBe(broken)
})
