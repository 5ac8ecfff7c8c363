/** The only script of the page: the filter of the check tables. Without it the page is whole, only not filterable. */
export const SCRIPT = `
(() => {
  const bar = document.getElementById('filter')
  if (!bar) return
  bar.hidden = false
  const input = bar.querySelector('input')
  const buttons = [...bar.querySelectorAll('button')]
  const count = bar.querySelector('output')
  const tables = [...document.querySelectorAll('details.all')]
  const texts = new Map()
  let status = ''
  const apply = () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean)
    const active = words.length > 0 || status !== ''
    let shown = 0
    for (const table of tables) {
      let hits = 0
      for (const row of table.querySelectorAll('tbody tr')) {
        if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase())
        const text = texts.get(row)
        const hit = (status === '' || row.dataset.status === status) && words.every((word) => text.includes(word))
        row.hidden = !hit
        if (hit) hits++
      }
      shown += hits
      table.open = active && hits > 0
      if (active && hits > 0) table.closest('.cell > details').open = true
    }
    count.textContent = active ? shown + ' found' : ''
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.value === status))
  }
  input.addEventListener('input', apply)
  for (const button of buttons) button.addEventListener('click', () => { status = status === button.value ? '' : button.value; apply() })
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)))
    const details = target && target.querySelector('details')
    if (details) details.open = true
  }
  addEventListener('hashchange', reveal)
  reveal()
})()
`
