import type { Sql } from './database/sql.ts'
import { insertRows } from './row.ts'
import type { Submitter } from './submitters.ts'

/** Makes the tables say what the registrations say. Those who are no longer registered are forgotten; what they submitted stays. */
export async function syncSubmitters(sql: Sql, submitters: readonly Submitter[]): Promise<void> {
  await sql.transaction(async (query) => {
    await query('DELETE FROM credential')
    await query('DELETE FROM submitter')
    for (const { id, display, contact, docs, scopes, roles, state, credentials } of submitters) {
      const values = { id, display, contact, docs_url: docs ?? null, scopes: JSON.stringify(scopes) }
      await insertRows(query, [{ table: 'submitter', values: { ...values, roles: JSON.stringify(roles), state } }])
      for (const { kind, issuer, claims, notAfter, revokedAt, compromisedAt, ...credential } of credentials) {
        const about = {
          id: credential.id,
          submitter: id,
          kind,
          issuer: issuer ?? null,
          claims: claims ? JSON.stringify(claims) : null,
        }
        const ends = { not_after: notAfter, revoked_at: revokedAt ?? null, compromised_at: compromisedAt ?? null }
        await insertRows(query, [{ table: 'credential', values: { ...about, ...ends } }])
      }
    }
  })
}
