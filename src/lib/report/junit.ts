export interface JunitCase {
  readonly name: string
  readonly className: string
  /** Absent: it passed. */
  readonly outcome?:
    | {
        readonly kind: 'failure' | 'error' | 'skipped'
        readonly message: string
        readonly text?: string | undefined
      }
    | undefined
}

/** A JUnit XML file of one suite, as pipelines read it. Pure. */
export function junit(suite: string, cases: readonly JunitCase[]): string {
  const count = (kind: string): number => cases.filter(({outcome}) => outcome?.kind === kind).length
  const totals = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`
  const rows = cases.map(({name, className, outcome}) => {
    const head = `    <testcase name="${escaped(name)}" classname="${escaped(className)}"`
    if (outcome === undefined) return `${head}/>`
    const {kind, message, text} = outcome
    return `${head}>\n      <${kind} message="${escaped(message)}">${escaped(text ?? '')}</${kind}>\n    </testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${escaped(suite)}" ${totals}>`,
    ...rows,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

/** Control characters are not allowed in XML 1.0, in no spelling. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character)
