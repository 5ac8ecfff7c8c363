import { html, type Markup } from '../reporters/html/markup.ts'

/** Facets and values that the style sheet knows; more are not offered. */
export const MOST_FACETS = 6
export const MOST_VALUES = 40

/** Values by which rows can be chosen. */
export interface Facets {
  facets: { name: string; values: string[] }[]
  rows: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/** The facets of some rows that tell them apart. */
export function facetsOf(rows: readonly { id: string; values: Readonly<Record<string, string>> }[]): Facets {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  const facets = names
    .map((name) => ({ name, values: [...new Set(rows.map(({ values }) => values[name] ?? ''))].sort() }))
    .filter(({ values }) => values.length > 1 && values.length <= MOST_VALUES)
    .slice(0, MOST_FACETS)
  return { facets, rows: new Map(rows.map(({ id, values }) => [id, values])) }
}

/**
 * Choices that hide the other rows. No script: the style sheet sees what is chosen, and finds rows by their classes.
 * What a value says is never part of a class.
 */
export function facetForm({ facets }: Facets, label: string): Markup {
  if (facets.length === 0) return html``
  return html`<form class="facets" aria-label="${label}">
    ${facets.map(
      ({ name, values }, at) =>
        html`<label
          >${name}
          <select name="f${at}" autocomplete="off">
            <option value="">all</option>
            ${values.map((value, index) => html`<option value="f${at}-${index}">${value === '' ? 'none' : value}</option>`)}
          </select></label
        > `,
    )}
    <button type="reset">Show all</button>
  </form>`
}

/** The classes by which a row is found. */
export function facetClasses({ facets, rows }: Facets, id: string): string {
  const values = rows.get(id)
  if (!values) return ''
  return facets.map(({ name, values: known }, at) => `f${at} f${at}-${known.indexOf(values[name] ?? '')}`).join(' ')
}

/** Rules of the style sheet that hide rows which are not chosen. */
export function facetRules(): string {
  const rules: string[] = []
  for (let at = 0; at < MOST_FACETS; at++) {
    for (let index = 0; index < MOST_VALUES; index++)
      rules.push(`main:has(option[value="f${at}-${index}"]:checked) .f${at}:not(.f${at}-${index})`)
  }
  return `${rules.join(',\n')}{display:none}`
}
