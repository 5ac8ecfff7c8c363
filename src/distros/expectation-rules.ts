import type { ExpectationRule } from './cascade.ts'

/** Every expectation that differs between images. General rules first. */
export const EXPECTATION_RULES: readonly ExpectationRule[] = []
