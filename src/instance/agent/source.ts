/** Where the agent under test comes from. The same shape as a cell's agent source. */
export type UpgradeSource =
  | { kind: 'none' }
  /** The archives the image is configured with; only the agent's packages are upgraded. */
  | { kind: 'release' }
  /** A package file on the host, installed with what it depends on. */
  | { kind: 'package'; path: string }
  /** One more repository: a `deb` line, a deb822 stanza, or a base address; `key` is a local path or armored text. */
  | { kind: 'repository'; line: string; key?: string }
  /** Another suite of the image's own archive, for example `sid` or `trixie-backports`. */
  | { kind: 'suite'; suite: string }
  /** Any command, run as root. */
  | { kind: 'command'; command: string }
