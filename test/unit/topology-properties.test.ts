import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {stringify} from 'yaml'

import {parseTopology} from '../../src/lib/config/topology-file.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {TopologyFile} from '../../src/lib/model/topology.js'
import {checkTopology} from '../../src/lib/topology/check.js'
import {RULE_IDS, RULES} from '../../src/lib/topology/finding.js'
import {haSarif} from '../../src/lib/report/ha-report.js'
import {cloudHosts} from '../../src/wire-topology.js'
import {arbitraryTopology} from '../fixtures/arbitrary-topology.js'

/** Undefined where the file was refused, which is never done with anything but exit 65. */
function read(text: string): TopologyFile | undefined {
  try {
    return parseTopology(text, 'arbitrary.yaml')
  } catch (error) {
    if (error instanceof MfaError && error.exit === 'data') return undefined
    throw error
  }
}

describe('any topology', () => {
  it('that is accepted is checked without an error; each finding names a rule, a line and a way out', () => {
    let accepted = 0
    const seen = new Set<string>()
    fc.assert(
      fc.property(arbitraryTopology, (shape) => {
        const text = stringify(shape, {aliasDuplicateObjects: false})
        const file = read(text)
        if (file === undefined) return
        accepted += 1
        const lines = text.trimEnd().split('\n').length
        const found = checkTopology(file, cloudHosts(file.topology.cloud))
        for (const {rule, line, field, message, fix} of found.findings) {
          seen.add(rule)
          expect(RULE_IDS).toContain(rule)
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(lines)
          expect(field).not.toBe('')
          expect(`${message} ${fix}`).not.toMatch(/undefined|NaN|\[object/)
        }
        expect(found.blockers + found.warnings).toBe(found.findings.length)
        expect(JSON.parse(haSarif(found, RULES))).toMatchObject({version: '2.1.0'})
      }),
      {numRuns: 1500, seed: 20_270_201},
    )
    // Nothing would be proven by topologies that are all refused, or all right.
    expect(accepted).toBeGreaterThan(200)
    expect(RULE_IDS.filter((id) => !seen.has(id))).toEqual([])
  })

  it('of any text is read or refused with a message', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme', maxLength: 200}), (text) => {
        expect(read(text)?.topology).toBeUndefined()
      }),
      {numRuns: 500},
    )
  })
})
