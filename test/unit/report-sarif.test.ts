import {XMLParser, XMLValidator} from 'fast-xml-parser'
import {describe, expect, test} from 'vitest'

import {junit} from '../../src/lib/report/junit.js'
import {sarif} from '../../src/lib/report/sarif.js'

describe('SARIF', () => {
  const tool = {
    name: 'mfa x',
    version: '1.2.3',
    rules: [
      {id: 'R1', title: 'One'},
      {id: 'R2', title: 'Two', description: 'why', help: 'do it', helpUri: 'https://example.com/r2'},
    ],
  }

  test('is one run with rules, and results that name them', () => {
    const log = sarif(tool, [
      {
        ruleId: 'R2',
        level: 'error',
        message: 'bad',
        file: {path: 'a dir\\b.yaml', line: 3},
        properties: {users: 2},
      },
      {ruleId: 'R1', level: 'warning', message: 'fine', kind: 'pass', logical: 'mfa1'},
    ])
    expect(log).toEqual({
      $schema: expect.stringContaining('sarif-2.1.0'),
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'mfa x',
              version: '1.2.3',
              rules: [
                {id: 'R1', shortDescription: {text: 'One'}},
                {
                  id: 'R2',
                  shortDescription: {text: 'Two'},
                  fullDescription: {text: 'why'},
                  help: {text: 'do it'},
                  helpUri: 'https://example.com/r2',
                },
              ],
            },
          },
          results: [
            {
              ruleId: 'R2',
              ruleIndex: 1,
              kind: 'fail',
              level: 'error',
              message: {text: 'bad'},
              locations: [
                {physicalLocation: {artifactLocation: {uri: 'a%20dir/b.yaml'}, region: {startLine: 3}}},
              ],
              properties: {users: 2},
            },
            {
              ruleId: 'R1',
              ruleIndex: 0,
              kind: 'pass',
              // Only what fails has a level.
              level: 'none',
              message: {text: 'fine'},
              locations: [{logicalLocations: [{fullyQualifiedName: 'mfa1'}]}],
            },
          ],
        },
      ],
    })
  })
})

describe('JUnit', () => {
  const evil = 'a "b" <c> & \u0000\u001b]\n\uffff'
  const xml = junit(evil, [
    {name: 'fine', className: 'x'},
    {name: evil, className: evil, outcome: {kind: 'failure', message: evil, text: evil}},
    {name: 'later', className: 'x', outcome: {kind: 'skipped', message: 'not yet'}},
  ])

  test('is well-formed whatever stands in it', () => {
    expect(XMLValidator.validate(xml)).toBe(true)
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  })

  test('counts what happened', () => {
    const {testsuites} = new XMLParser({ignoreAttributes: false}).parse(xml) as {testsuites: object}
    expect(testsuites).toMatchObject({
      '@_tests': '3',
      '@_failures': '1',
      '@_skipped': '1',
      testsuite: {
        '@_errors': '0',
        testcase: [{'@_name': 'fine'}, {failure: {}}, {skipped: {'@_message': 'not yet'}}],
      },
    })
  })
})
