import type { Status } from '../results/status.ts'

/** How a status looks, everywhere. Colour is never the only sign: each has a glyph and a word of its own. */
export interface StatusStyle {
  glyph: string
  word: string
  /** What it means, for a legend. */
  meaning: string
  /** SGR parameter of the terminal. */
  ansi: string
  /** Text colour on a white and on a dark page; both reach a contrast of 4.5 to 1. */
  light: string
  dark: string
  emoji: string
}

export const STATUS_STYLE: Readonly<Record<Status | 'running' | 'waiting', StatusStyle>> = {
  pass: {
    glyph: '✔',
    word: 'pass',
    meaning: 'as it should be',
    ansi: '32',
    light: '#166534',
    dark: '#4ade80',
    emoji: '✅',
  },
  fail: {
    glyph: '✘',
    word: 'fail',
    meaning: 'the image or the agent is at fault',
    ansi: '31',
    light: '#b91c1c',
    dark: '#f87171',
    emoji: '❌',
  },
  error: {
    glyph: '!',
    word: 'error',
    meaning: 'the check itself broke',
    ansi: '35',
    light: '#86198f',
    dark: '#e879f9',
    emoji: '💥',
  },
  miss: {
    glyph: '?',
    word: 'not judged',
    meaning: 'the harness, the host or the platform failed',
    ansi: '33',
    light: '#92400e',
    dark: '#fbbf24',
    emoji: '❔',
  },
  skip: {
    glyph: '–',
    word: 'skipped',
    meaning: 'does not apply, with the reason',
    ansi: '2',
    light: '#57606a',
    dark: '#9aa4b2',
    emoji: '➖',
  },
  done: {
    glyph: '•',
    word: 'measured',
    meaning: 'a number without a verdict',
    ansi: '36',
    light: '#0e7490',
    dark: '#22d3ee',
    emoji: '📏',
  },
  running: {
    glyph: '…',
    word: 'running',
    meaning: 'not ended yet',
    ansi: '36',
    light: '#0e7490',
    dark: '#22d3ee',
    emoji: '⏳',
  },
  waiting: {
    glyph: '·',
    word: 'waiting',
    meaning: 'not started yet',
    ansi: '2',
    light: '#57606a',
    dark: '#9aa4b2',
    emoji: '⏳',
  },
}
