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

/** A new answers file (YAML) that asks these questions and explains each. Pure. */
export function answersTemplate(ids: readonly DependencyId[]): string {
  return `${HEAD}${ids.map((id) => entry(dependency(id))).join('\n')}`
}

function entry({id, title, question, why, action, blocks, items}: Dependency): string {
  const lines = [
    title,
    ...(question === undefined ? [] : [question]),
    `Why: ${why}`,
    `What to do: ${action}`,
    ...(blocks.length === 0 ? [] : [`Stands in the way of: ${blocks.join(', ')}`]),
    ...(items === undefined ? [] : [`Items: one for each ${items}`]),
  ]
  return `${lines.map((line) => `  # ${line}\n`).join('')}  ${id}:\n    answer: unknown\n`
}
