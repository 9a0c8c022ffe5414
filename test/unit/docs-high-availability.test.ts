import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

import {parseTopology} from '../../src/lib/config/topology-file.js'
import {topologyJsonSchema} from '../../src/lib/config/topology-schema.js'
import {checkTopology} from '../../src/lib/topology/check.js'
import {RULES} from '../../src/lib/topology/finding.js'
import {FORMATS} from '../../src/lib/topology/generate/generate.js'
import {PROBES} from '../../src/lib/topology/live/result.js'
import {cloudHosts} from '../../src/wire-topology.js'

describe('docs/high-availability.md', () => {
  let text: string
  beforeAll(async () => {
    text = await readFile(join(import.meta.dirname, '../../docs/high-availability.md'), 'utf8')
  })
  const rows = (first: RegExp) =>
    [...text.matchAll(/^\| ([^|]+) \| ([^|]+) \|/gm)]
      .map(([, key = '', value = '']) => [key.trim(), value.trim()] as const)
      .filter(([key]) => first.test(key))

  it('has the rules in the words of the program', () => {
    expect(Object.fromEntries(rows(/^H\d+$/))).toEqual(RULES)
  })

  it('has every probe, every format and every key at the top', () => {
    const named = new Set(
      rows(/^`/).flatMap(([key]) => [...key.matchAll(/`([\w$]+)(?:\[\])?`/g)].map(([, name]) => name)),
    )
    const {properties} = topologyJsonSchema() as {properties: object}
    const keys = Object.keys(properties).filter((key) => key !== '$schema')
    expect([...PROBES, ...FORMATS, ...keys].filter((name) => !named.has(name))).toEqual([])
  })

  it('begins with an example that blocks nothing', () => {
    const example = /```yaml\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
    expect(checkTopology(parseTopology(example, 'docs.yaml'), cloudHosts('global')).blockers).toBe(0)
  })
})
