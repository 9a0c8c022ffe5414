import {type Dependency, type DependencyId, dependency} from './catalogue.js'

const HEAD = `# Answers for: mfa server assess --answers FILE
# What people know and no program can read. Change each "answer: unknown" to yes or no.
# A yes is open until its "status" is done, or until the status of every item is. "unknown" counts as open.
# With yes you may list what it is about:
#   C1:
#     answer: yes
#     items:
#       - {name: VPN gateway, status: open, who: network team, note: federate with SAML}
# Checked by docs/schema/answers.schema.json. No secrets belong in here.
schemaVersion: 1
answers:
`

/** A dependency of a new file; `found` where it was read that there is something to do. */
export interface TemplateEntry {
  readonly id: DependencyId
  readonly found?: string | undefined
}

/** A new answers file (YAML) that asks these questions and explains each. Pure. */
export function answersTemplate(entries: readonly TemplateEntry[]): string {
  return `${HEAD}${entries.map(({id, found}) => entry(dependency(id), found)).join('\n')}`
}

function entry(
  {id, title, question, why, action, blocks, items}: Dependency,
  found: string | undefined,
): string {
  const lines = [
    title,
    ...(question === undefined ? [] : [question]),
    ...(found === undefined ? [] : [`Read: ${oneLine(found)}`]),
    `Why: ${why}`,
    `What to do: ${action}`,
    ...(blocks.length === 0 ? [] : [`Stands in the way of: ${blocks.join(', ')}`]),
    ...(items === undefined ? [] : [`Items: one for each ${items}`]),
  ]
  const value = found === undefined ? ['answer: unknown'] : ['answer: yes', 'status: open']
  return `${lines.map((line) => `  # ${line}\n`).join('')}  ${id}:\n${value.map((line) => `    ${line}\n`).join('')}`
}

/** What a server says must not break out of the comment. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
