import type { Builders } from './builders.ts'
import type { AccountFacts, FileEntry } from './facts.ts'
import { parseGroup, parseHostKeys, parsePasswd, parseSshd } from './parse-accounts.ts'
import { known } from './unknown-fact.ts'

/** How each field of the account part is made from the evidence. */
export const buildAccounts: Builders<AccountFacts> = {
  accounts: (evidence) => {
    const accounts = parsePasswd(evidence.lines('passwd'), evidence.lines('shadow'))
    return known(accounts.length > 0 ? accounts : undefined, 'accounts', 'passwd has no accounts')
  },
  groups: (evidence) => parseGroup(evidence.lines('group')),
  sudo: (evidence) => {
    const exitCode = evidence.exitCode('sudo-check')
    const ran = exitCode !== undefined && exitCode !== 125
    return {
      programs: [...evidence.pairs('programs').keys()].filter((name) => name === 'sudo' || name === 'doas'),
      lines: evidence.located('sudoers').map(({ file, text }) => ({ file, line: text.trim() })),
      ...(ran
        ? { checkExitCode: exitCode, checkOutput: evidence.lines('sudo-check', { accept: [exitCode] }).join('\n') }
        : {}),
    }
  },
  sshd: (evidence) => {
    const programs = evidence.pairs('programs')
    const program = programs.has('sshd') ? 'openssh' : programs.has('dropbear') ? 'dropbear' : 'none'
    const testExitCode = known(evidence.exitCode('sshd-test'), 'sshd -t', 'it is not run at rest')
    const testOutput = evidence.lines('sshd-test', { accept: [testExitCode] }).join('\n')
    const values = parseSshd(evidence.maybe('sshd-config'))
    const options = Object.fromEntries(Object.entries(values).map(([key, all]) => [key, all[0] ?? '']))
    return { program, testExitCode, testOutput, options, values }
  },
  sshdFiles: (evidence) => evidence.located('sshd-files').map(({ file, text }) => ({ file, line: text.trim() })),
  hostKeys: (evidence) => parseHostKeys(evidence.files('host-keys').filter(isFile), evidence.maybe('host-key-prints')),
}

function isFile({ type }: FileEntry): boolean {
  return type === 'f'
}
