import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'

/** A copy of a package under another version. */
export function repack(deb: string, folder: string, version: string): string {
  const root = join(folder, `root-${version}`)
  execFileSync('dpkg-deb', ['-R', deb, root])
  const control = join(root, 'DEBIAN/control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`))
  const made = join(folder, `${version}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '-b', root, made], { stdio: 'ignore' })
  return made
}

export interface SigningKey {
  home: string
  /** Armored public key. */
  publicKey: string
}

export function makeKey(folder: string, name: string): SigningKey {
  const home = join(folder, `gnupg-${name}`)
  mkdirSync(home, { mode: 0o700 })
  const gpg = (...args: string[]) => execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...args])
  gpg('--passphrase', '', '--quick-gen-key', `${name}@example.org`, 'rsa3072', 'sign', '1d')
  return { home, publicKey: gpg('--armor', '--export').toString() }
}

/** An archive of one package, signed. */
export function makeRepository(folder: string, deb: string, key: SigningKey): string {
  mkdirSync(folder)
  cpSync(deb, join(folder, 'agent.deb'))
  const packages = execFileSync('dpkg-scanpackages', ['.'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  writeFileSync(join(folder, 'Packages'), packages)
  const sum = execFileSync('sha256sum', ['Packages'], { cwd: folder }).toString().split(' ')[0]
  const now = new Date().toUTCString().replace('GMT', 'UTC')
  const release = `Origin: test\nSuite: ./\nDate: ${now}\nSHA256:\n ${sum} ${packages.length} Packages\n`
  writeFileSync(join(folder, 'Release'), release)
  execFileSync('gpg', ['--homedir', key.home, '--batch', '--quiet', '--clearsign', '-o', 'InRelease', 'Release'], {
    cwd: folder,
  })
  return folder
}

export interface Served extends AsyncDisposable {
  port: number
}

/** Serves `folder` on the address of this host that `guest` is next to. */
export async function serve(folder: string, host: string): Promise<Served> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, new URL(`http://x${request.url}`).pathname)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The address of this host in the /24 of `guest`, which may be one of a bridge. */
export function hostBeside(guest: string): string {
  const network = guest.slice(0, guest.lastIndexOf('.'))
  const found = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && each.address.startsWith(`${network}.`))
  if (!found) throw new Error(`this host has no address beside ${guest}`)
  return found.address
}
