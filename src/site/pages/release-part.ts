import type { DecisionRow } from '../../archive/read/decisions.ts'
import type { ApprovalRow } from '../../archive/read/people.ts'
import { plural } from '../../core/text.ts'
import type { DecisionItem } from '../../publish/decision.ts'
import { breakable, html, type Markup } from '../../reporters/html/markup.ts'
import type { Links } from '../links.ts'
import { dayOf, empty, part, tag } from '../parts.ts'

/** A decision, and of the newest what stands against a release. */
export interface SubmittedDecision {
  row: DecisionRow
  against: readonly DecisionItem[]
}

const MOST_ITEMS = 60

/** What policies said about an image, and who approved it. */
export function releasePart(
  approvals: readonly ApprovalRow[],
  decisions: readonly SubmittedDecision[],
  links: Links,
): Markup {
  return part(
    'approvals',
    'Release',
    approvals.length === 0 ? empty('No person has approved it.') : approvalList(approvals, links),
    decisions.length > 0 && decisionList(decisions, links),
  )
}

function approvalList(approvals: readonly ApprovalRow[], links: Links): Markup {
  return html`<ul class="plain">
    ${approvals.map(
      ({ verdict, approver, comment, at, submitter, decision, state }) =>
        html`<li ${state !== 'accepted' && html`class="struck"`}>
          ${tag(verdict === 'go' ? 'approved' : 'refused', verdict === 'go' && state === 'accepted' ? 'good' : 'bad')}
          by ${approver} for
          <a href="${links.submitter(submitter)}">${submitter}</a> on ${dayOf(at)}${comment !== null && `: ${comment}`}
          <small>decision <code title="${decision}">${decision.slice(7, 19)}</code></small>
        </li> `,
    )}
  </ul>`
}

function decisionList(decisions: readonly SubmittedDecision[], links: Links): Markup {
  return html`<ul class="plain">
    ${decisions.map(({ row, against }) => {
      const { verdict, policy, at, submitter, id, state, satisfied, unsatisfied, missing } = row
      const counts = `${satisfied} satisfied, ${unsatisfied} unsatisfied, ${missing} missing`
      return html`<li ${state !== 'accepted' && html`class="struck"`}>
        ${tag(`decided ${verdict}`, verdict === 'go' && state === 'accepted' ? 'good' : 'bad')} by
        <code>${policy}</code> for <a href="${links.submitter(submitter)}">${submitter}</a> on ${dayOf(at)}: ${counts}
        <small>decision <code title="${id}">${id.slice(7, 19)}</code></small>
        ${against.length > 0 && againstList(against)}
      </li> `
    })}
  </ul>`
}

/** What is missing or does not hold, with the reasons. */
function againstList(items: readonly DecisionItem[]): Markup {
  const left = items.length - MOST_ITEMS
  return html`<details>
    <summary>What stands against it</summary>
    <ul>
      ${items
        .slice(0, MOST_ITEMS)
        .map(
          ({ state, requirement, subject, reasons }) =>
            html`<li>
              ${tag(state, state === 'missing' ? 'odd' : 'bad')} ${requirement}: ${breakable(subject)}
              ${reasons.length > 0 && html`<br /><small>${reasons.slice(0, 5).join('; ')}</small>`}
            </li> `,
        )}
      ${left > 0 && html`<li>and ${plural(left, 'more item')}</li>`}
    </ul>
  </details>`
}
