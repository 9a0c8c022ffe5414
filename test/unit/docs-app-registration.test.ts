import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect, it} from 'vitest'

import {FEATURES, NEEDS} from '../../src/lib/registration/features.js'

const read = () => readFile(join(import.meta.dirname, '../../docs/app-registration.md'), 'utf8')

it('docs/app-registration.md has the permissions of every feature, and no others', async () => {
  const [, section = ''] = (await read()).split('## Features and permissions')
  const rows = [...section.matchAll(/^\| `(\w+)` \| `([\w.-]+)` \| (\w+) \| (.+) \|$/gm)].map((row) =>
    row.slice(1, 5),
  )
  const needed = FEATURES.flatMap((feature) =>
    NEEDS[feature].map(({permission, kind, why}) => [feature, permission, kind, why]),
  )
  expect(rows).toEqual(needed)
})
