import {access, readdir, readFile} from 'node:fs/promises'
import {dirname, join, relative} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Every page that ships with the sources. */
async function pages(): Promise<readonly string[]> {
  const top = (await readdir(root)).filter((name) => name.endsWith('.md'))
  const deep = await Promise.all(
    ['docs', 'examples'].map(async (folder) =>
      (await readdir(join(root, folder), {recursive: true}))
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(folder, name)),
    ),
  )
  return [...top, ...deep.flat()]
}

/** As GitHub makes them out of headings. */
function anchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const all = [...withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const plain = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const before = seen.get(plain) ?? 0
    seen.set(plain, before + 1)
    return before === 0 ? plain : `${plain}-${before}`
  })
  return new Set(all)
}

const withoutCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''))

interface Link {
  readonly page: string
  readonly target: string
}

describe('documentation', () => {
  const texts = new Map<string, string>()
  const links: Link[] = []

  beforeAll(async () => {
    for (const page of await pages()) {
      const text = (await readFile(join(root, page), 'utf8')).replaceAll('\r\n', '\n')
      texts.set(page, text)
      for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) links.push({page, target})
    }
  })

  const isOutside = (target: string): boolean => /^[a-z]+:/i.test(target)

  it('has no relative link that leads nowhere', async () => {
    const broken: string[] = []
    for (const {page, target} of links) {
      if (isOutside(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : relative(root, join(root, dirname(page), decodeURIComponent(path)))
      const there = await access(join(root, file)).then(
        () => true,
        () => false,
      )
      const text = texts.get(file)
      if (!there) broken.push(`${page}: ${target}`)
      else if (anchor !== undefined && (text === undefined || !anchors(text).has(anchor)))
        broken.push(`${page}: ${target} (no such heading)`)
    }
    expect(links.length).toBeGreaterThan(100)
    expect(broken).toEqual([])
  })

  it('leads to every page of docs from its index', () => {
    const index = new Set(
      links
        .filter(({page}) => page === join('docs', 'README.md'))
        .map(({target}) => target.split('#')[0] ?? ''),
    )
    const own = [...texts.keys()].filter((page) => dirname(page) === 'docs' && !page.endsWith('README.md'))
    expect(own.map((page) => relative('docs', page)).filter((name) => !index.has(name))).toEqual([])
  })

  it('links to the outside over https only', () => {
    expect(links.filter(({target}) => isOutside(target) && !target.startsWith('https://'))).toEqual([])
  })
})
