/** Where the parts of an archive are, below its folder. */
export const PLACES = {
  key: 'keys/archive.pem',
  /** Beside it, for copies that only read. */
  publicKey: 'keys/archive.pub',
  submitters: 'submitters',
  database: 'archive.db',
  blobs: 'blobs',
  log: 'log',
  spool: 'spool',
  images: 'images',
} as const
