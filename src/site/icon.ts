/** The sign of the site: a small grid. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f2937"/><g><rect x="6" y="6" width="9" height="9" rx="2" fill="#4ade80"/><rect x="17" y="6" width="9" height="9" rx="2" fill="#4ade80"/><rect x="6" y="17" width="9" height="9" rx="2" fill="#f87171"/><rect x="17" y="17" width="9" height="9" rx="2" fill="#4ade80"/></g></svg>
`
