/** One thing a simulator does as the cloud does it, and how that is known. */
export type Behaviour = {
  id: string
  /** A sentence that is true of the simulator, and of the cloud if the basis is right. */
  says: string
} & (
  | {
      basis: 'documented'
      /** Page of the vendor that says so. */
      source: string
    }
  | {
      /** Nobody here has seen the cloud do this. */
      basis: 'assumed'
    }
)
