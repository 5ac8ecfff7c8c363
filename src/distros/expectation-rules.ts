import type { ExpectationRule } from './cascade.ts'
import { CLOUD_RULES } from './rules-clouds.ts'
import { DEBIAN_RULES } from './rules-debian.ts'
import { GENERAL_RULES } from './rules-general.ts'
import { OTHER_RULES } from './rules-others.ts'

/** Every expectation that differs between images. A more special rule wins; among equals the later one. */
export const EXPECTATION_RULES: readonly ExpectationRule[] = [
  ...GENERAL_RULES,
  ...DEBIAN_RULES,
  ...OTHER_RULES,
  ...CLOUD_RULES,
]
