/** The image a cell used, as its platform tells it. */
export interface FoundImage {
  /** The platform's own name for it: a fingerprint, a path, `ami-…`. */
  id: string
  /** `sha256:…` of what the platform stores; absent where it cannot tell. */
  digest?: string
  distribution: string
  release: string
  architecture: string
  variant: string
  description: string
  /** Which build of the image it is, for example `20260821`. */
  build?: string
  /** Where it is, on platforms with several places. */
  region?: string
}
