import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runHost } from '../core/subprocess.ts'
import { makeTempDir } from '../core/temp-dir.ts'

/** A certificate for this host that vouches for itself, so it is its own CA. PEM. */
export interface OwnCertificate {
  key: string
  cert: string
}

/** Makes a certificate for 127.0.0.1 and localhost, good for some days. @throws PrerequisiteError without openssl */
export async function makeCertificate(): Promise<OwnCertificate> {
  const dir = await makeTempDir('tls')
  try {
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const subject = ['-subj', '/CN=harness simulator', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7']
    await runHost(['openssl', 'req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
      deadlineMs: 30_000,
      installHint: 'apt-get install openssl',
    })
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
