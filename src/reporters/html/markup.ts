import { cleanText } from '../../core/text.ts'

/** A piece of HTML that is safe to put into a page: made by `html` only. */
export class Markup {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

type Value = Markup | string | number | false | undefined | readonly Value[]

/** HTML with every interpolation escaped, unless it is `Markup` itself. Guest text loses control characters and text-direction overrides. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let source = strings[0] ?? ''
  // A large run has millions of these: an iterator of pairs would take half of the time.
  for (let index = 0; index < values.length; index++) source += render(values[index]) + (strings[index + 1] ?? '')
  return new Markup(source)
}

function render(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.source
  if (typeof value === 'object') return value.map(render).join('')
  return escapeHtml(String(value))
}

/** Nearly all text is ours and needs no care. */
const PLAIN = /^[ !#-%(-;=?-~]*$/

export function escapeHtml(text: string): string {
  if (PLAIN.test(text)) return text
  return cleanText(text)
    .toWellFormed()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** A link to a file of the run, or its name when the path could lead out of the run folder. */
export function fileLink(path: string, label: string): Markup {
  const segments = path.split('/')
  const inside =
    segments[0] === 'cells' &&
    segments.every((part) => /^[A-Za-z0-9_@+=., -]+$/.test(part) && part !== '..' && part !== '.')
  if (!inside) return html`<span class="path">${label}</span>`
  return new Markup(`<a href="${segments.map(encodeURIComponent).join('/')}">${escapeHtml(label)}</a>`)
}

/** A link to a public page, or plain text for anything that is not https. */
export function sourceLink(source: string): Markup {
  const clean = cleanText(source)
  if (!/^https:\/\/[A-Za-z0-9.-]+(\/[^\s<>"'`\\]*)?$/.test(clean)) return html`${clean}`
  return html`<a href="${clean}" rel="noreferrer noopener">${clean.replace('https://', '')}</a>`
}

/** A cell id that breaks at its slashes when there is no room. */
export function breakable(id: string): Markup {
  return new Markup(escapeHtml(id).replaceAll('/', '/<wbr>'))
}
