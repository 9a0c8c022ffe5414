import {describe, expect, it} from 'vitest'

import {htmlPage, section} from '../../src/lib/report/html.js'

const EVIL = '<script>alert("x")</script> & \'o\''

const page = [
  ...htmlPage({
    title: EVIL,
    facts: [['Source', EVIL]],
    verdict: EVIL,
    bar: {
      title: EVIL,
      parts: [
        {label: EVIL, count: 3, tone: 'good'},
        {label: 'none of these', count: 0, tone: 'bad'},
      ],
    },
    counts: {title: 'Findings', parts: [{label: EVIL, count: 2, tone: 'fine'}]},
    sections: [
      section({
        title: 'Rows',
        columns: [{key: 'a', title: EVIL, value: (row: string) => [row, row]}],
        rows: () => [EVIL],
      }),
      section({title: 'Empty', columns: [{key: 'a', title: 'A', value: () => undefined}], rows: () => []}),
    ],
  }),
].join('')

describe('a report page', () => {
  it('takes nothing in names for markup', () => {
    expect(page).not.toContain('<script')
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;o&#39;')
  })

  it('stands by itself: no script, no address, no image from elsewhere', () => {
    expect(page).not.toMatch(/https?:|src=|url\(|@import|<link|<script/)
    expect(page).toContain("default-src 'none'")
  })

  it('shows what there is and leaves out what there is not', () => {
    expect(page).not.toContain('none of these')
    expect(page).toContain('<td colspan="1">none</td>')
    expect(page.trimEnd().endsWith('</html>')).toBe(true)
  })
})
