import {type Block, heading, paragraph} from './blocks.js'
import {type CaseCounts, CASES} from './cases.js'
import {caseValues, type LetterFacts} from './letter.js'

/** The helpdesk's page: what users say and what is done about it, only for cases that the plan has. */
export function helpdeskBlocks(counts: CaseCounts, facts: LetterFacts): readonly Block[] {
  const {words, oldPortal} = facts
  const values = caseValues(facts)
  const present = CASES.filter((one) => counts.cases.has(one))
  return [
    heading(1, words.text('help.title')),
    paragraph(words.text('help.intro')),
    paragraph(words.text(oldPortal ? 'help.portal-old' : 'help.portal-new')),
    heading(2, words.text('help.locked-out')),
    {kind: 'steps', items: words.list('help.locked-out-steps')},
    paragraph(words.text('help.pass-on')),
    heading(2, words.text('help.calls')),
    present.length === 0
      ? paragraph(words.text('help.no-cases'))
      : {
          kind: 'table',
          head: [
            words.text('column.case'),
            words.text('column.users'),
            words.text('column.says'),
            words.text('column.help'),
          ],
          rows: present.map((one) => [
            words.text(`case.${one}.title`, values),
            words.number(counts.cases.get(one) ?? 0),
            words.text(`case.${one}.says`, values),
            words.text(`case.${one}.help`, values),
          ]),
        },
  ]
}
