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

  it('says the verdict first, with the gravest tone of its bar', () => {
    expect(page.indexOf('class="verdict good"')).toBeGreaterThan(0)
    expect(page.indexOf('class="verdict')).toBeLessThan(page.indexOf('<dl>'))
  })

  const drawn = [
    ...htmlPage({
      title: 'Figures',
      facts: [['Time', '2026-11-27T01:46:22.036Z']],
      verdict: 'one failed',
      bar: {
        title: 'Users',
        parts: [
          {label: 'migrated', count: 49_999, tone: 'good'},
          {label: 'failed', count: 1, tone: 'bad'},
        ],
      },
      counts: {title: 'Groups', parts: [{label: 'Half', count: 3, of: 6, tone: 'warning'}]},
      sections: [
        section<{day: string; users: number}>({
          title: 'Days',
          columns: [
            {key: 'day', title: 'Day', value: ({day}) => day},
            {key: 'users', title: 'Users', value: ({users}) => users},
            {key: 'next', title: 'Next', value: () => 'mfa status --report FILE'},
          ],
          rows: () => [{day: '2026-11-27', users: 7}],
        }),
      ],
    }),
  ].join('')

  it('draws a bar in proportion to what a whole one stands for', () => {
    expect(drawn).toContain('<rect class="warning" width="50.0"')
  })

  it('lets one user of fifty thousand be seen, and stays within the bar', () => {
    expect(drawn).toContain('class="verdict bad"')
    const [good = [], bad = []] = [
      ...drawn.matchAll(/<rect class="(?:good|bad)" x="([\d.]+)" y="0" width="([\d.]+)"/g),
    ].map(([, x, width]) => [Number(x), Number(width)])
    expect(bad[1]).toBeGreaterThan(5)
    expect((bad[0] ?? 0) + (bad[1] ?? 0)).toBeCloseTo(720, 0)
    expect(good[1]).toBeGreaterThan(700)
  })

  it('says the zone of a time, aligns numbers, and does not break flags', () => {
    expect(drawn).toContain('<time datetime="2026-11-27T01:46:22.036Z">2026-11-27 01:46 UTC</time>')
    expect(drawn).toContain('<th scope="col" class="n">Users</th>')
    expect(drawn).toContain('<td><span class="whole">2026-11-27</span></td><td class="n">7</td>')
    expect(drawn).toContain('mfa status <span class="whole">--report</span> FILE')
  })
})
