/** `empty`: no password is asked; `locked`: `!`; `star`: `*`, no password but keys work without PAM too; `usable`: a hash. */
export type PasswordClass = 'empty' | 'locked' | 'star' | 'usable' | 'none'

export interface Account {
  name: string
  uid: number
  gid: number
  home: string
  shell: string
  /** Class of the field in the shadow file, never the hash. `none`: no line in the shadow file. */
  password: PasswordClass
}

export interface Group {
  name: string
  gid: number
  members: string[]
}

export interface SudoersLine {
  file: string
  line: string
}

export interface HostKey {
  path: string
  /** `rsa`, `ecdsa`, `ed25519`, `dsa`, `dropbear` or what the file name says. */
  type: string
  private: boolean
  bits?: number
  /** `SHA256:...`, of public keys where `ssh-keygen` could read them. */
  fingerprint?: string
  mode: string
  owner: string
  group: string
  bytes: number
}

export interface AccountFacts {
  accounts: Account[]
  groups: Group[]
  sudo: {
    /** `sudo`, `doas` or both. */
    programs: string[]
    /** Comment-free lines of sudoers, sudoers.d and doas.conf. */
    lines: SudoersLine[]
    /** Exit status of `visudo -c` or `doas -C`; absent where neither exists or the root was not running. */
    checkExitCode?: number
    checkOutput?: string
  }
  /** The server's effective configuration: `sshd -T`. Not known at rest. */
  sshd: {
    program: 'openssh' | 'dropbear' | 'none'
    /** Exit status of `sshd -t`. */
    testExitCode: number
    testOutput: string
    /** Keyword (lower case) to value; the first where sshd prints several. */
    options: Record<string, string>
    /** Every value of every keyword. */
    values: Record<string, string[]>
  }
  /** What the files of the SSH server say, comment-free, in the order they are read. Includes are not followed. */
  sshdFiles: SudoersLine[]
  hostKeys: HostKey[]
}
