/** How much one server takes from others. */
export interface ServeLimits {
  /** Bytes of an envelope, decompressed. */
  envelopeBytes: number
  /** Bytes of a log, decompressed. */
  blobBytes: number
  /** Milliseconds until the head of a request is there. */
  headersMs: number
  /** Milliseconds until a request is there as a whole. */
  requestMs: number
  /** Open connections: of all, and of one address. */
  connections: number
  connectionsOfAddress: number
  /** Requests that write, of one address: at once, and per second in the long run. */
  writeBurst: number
  writesPerSecond: number
  /** Requests that read. */
  readBurst: number
  readsPerSecond: number
  /** Milliseconds that open requests have to end when the server stops. */
  stopMs: number
}

export const DEFAULT_LIMITS: ServeLimits = {
  envelopeBytes: 4 * 1024 * 1024,
  blobBytes: 32 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 300_000,
  connections: 2_000,
  connectionsOfAddress: 200,
  writeBurst: 500,
  writesPerSecond: 50,
  readBurst: 2_000,
  readsPerSecond: 200,
  stopMs: 10_000,
}
