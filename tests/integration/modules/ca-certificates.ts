import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

// Made for this check; its private key was thrown away, so nothing can be signed by it.
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBpjCCAUugAwIBAgIUdV/JN1U3GdaAoLgYp/C1ZOXsYMowCgYIKoZIzj0EAwIw
JzElMCMGA1UEAwwcaGFybmVzcyByZWdyZXNzaW9uIGF1dGhvcml0eTAgFw0yNjEx
MjIwMzU1MThaGA8yMTI2MTAyOTAzNTUxOFowJzElMCMGA1UEAwwcaGFybmVzcyBy
ZWdyZXNzaW9uIGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMn5
thGfKkmbYGclc3kkwl+e74RAlkQWoiZ/tqx1Dw0wk62WadTTedj1WuKino3eiQW+
l+v5Y4k8/YyJypyz5v+jUzBRMB0GA1UdDgQWBBRr1zyPxT/Q15jFYZmZmsRWegFL
UDAfBgNVHSMEGDAWgBRr1zyPxT/Q15jFYZmZmsRWegFLUDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQD2ceutaPdQz3urG/nhDEnJePB4UguM3hWw
Mg/xQZcxwwIhAL8dl3KSjWDvkcLnFqHvmpBEWoCtCz8P2d2lH3lDnf6c
-----END CERTIFICATE-----`

const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

regression(
  'reg-mod-ca-certs',
  {
    title: 'a certificate authority of user-data is trusted',
    because: 'behind company proxies nothing can be downloaded without it',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#ca-certificates',
    severity: 'minor',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      ca_certs:
        trusted:
          - |
${CERTIFICATE.split('\n')
  .map((line) => `            ${line}`)
  .join('\n')}
    `),
    fix: 'install ca-certificates; see the ca_certs module in /var/log/cloud-init.log',
  },
  async ({ instance, expect, skip }) => {
    const present = await instance.probe`command -v update-ca-certificates update-ca-trust`
    if (present.stdout.trim() === '') skip('the image has no store of certificate authorities')
    const bundle = await instance.sh`for file in ${BUNDLES}; do if [ -s "$file" ]; then cat "$file"; break; fi; done`
    const compact = bundle.replaceAll(/\s/g, '')
    expect(compact.length, 'size of the bundle').toBeGreaterThan(0)
    expect(compact.includes(CERTIFICATE.replaceAll(/\s/g, '')), 'the certificate is in the bundle').toBe(true)
  },
)
