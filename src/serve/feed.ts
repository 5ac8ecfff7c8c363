/** One entry of a feed. */
export interface FeedEntry {
  id: string
  title: string
  /** ISO 8601. */
  updated: string
  url: string
  summary: string
  author: string
}

/** An Atom feed. Its texts are what others submitted: they are escaped, and said to be text. */
export function atomFeed(feed: {
  id: string
  title: string
  url: string
  self: string
  entries: readonly FeedEntry[]
}): string {
  const updated = feed.entries[0]?.updated ?? '1970-01-01T00:00:00.000Z'
  const entries = feed.entries.map(
    (entry) => `  <entry>
    <id>${xml(entry.id)}</id>
    <title type="text">${xml(entry.title)}</title>
    <updated>${entry.updated}</updated>
    <link rel="alternate" href="${xml(entry.url)}"/>
    <author><name>${xml(entry.author)}</name></author>
    <summary type="text">${xml(entry.summary)}</summary>
  </entry>
`,
  )
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>${xml(feed.id)}</id>
  <title type="text">${xml(feed.title)}</title>
  <updated>${updated}</updated>
  <link rel="self" href="${xml(feed.self)}"/>
  <link rel="alternate" href="${xml(feed.url)}"/>
${entries.join('')}</feed>
`
}

/** Text in XML 1.0, which has no way to write most control characters. */
export function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
