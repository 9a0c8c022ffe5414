import {X509Certificate} from 'node:crypto'
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {delimiter, dirname, join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {parse} from 'yaml'

import {readTenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {makeCertificate, makePfx} from '../helpers/certificates.js'
import {CONTOSO, newPlace, PACKAGE, type Environment, type Place} from '../helpers/mfa.js'
import {
  AUDIENCE,
  startFederatedAuthority,
  startTokenService,
  type FederatedAuthority,
  type TokenService,
} from '../helpers/pipelines/platform.js'
import {putMfaOnPath, runScript, type Ran} from '../helpers/pipelines/shell.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const FOLDER = join(PACKAGE, 'examples', 'pipelines')
const CLIENT = 'aaaaaaaa-0000-4000-8000-000000000001'
const GROUP = 'MFA early birds'
const SOURCE_PASSWORD = 'source-password-5550177'
const PFX_PASSWORD = 'pfx-password-5550166'

/** What cannot be run here, and why. A `uses:` or a task that is not named here fails the test. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'checkout: none': 'nothing is fetched',
  'download: none': 'nothing is fetched',
  'task: DownloadSecureFile@1': 'the secure files of the platform; the file is put where it would be',
}

let place: Place
let bin: string
let tenant: Tenant
let service: TokenService
let authority: FederatedAuthority
let pfx: string

beforeEach(async () => {
  place = await newPlace()
  bin = await putMfaOnPath(place.folder)
  const certificate = await makeCertificate(place.folder, 'client')
  pfx = await makePfx(place.folder, 'client', PFX_PASSWORD)
  const contoso = await readTenantFile(`${CONTOSO}/tenant.json`)
  const der = new X509Certificate(certificate.certificate).raw.toString('base64')
  tenant = await startTenant({
    tenant: {...contoso, clientApplications: [{appId: CLIENT, certificates: [der]}]},
  })
  service = await startTokenService('the subject of the federated credential')
  authority = await startFederatedAuthority(service, CLIENT, () => tenant.sandbox.issueToken())
})
afterEach(() => Promise.all([place.remove(), tenant.stop(), service.close(), authority.close()]))

/** What the runner itself has, and where our loopback services stand in for those of the world. */
function runner(authorityUrl: string): Environment {
  return {
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: join(place.folder, 'home'),
    XDG_CACHE_HOME: place.environment()['XDG_CACHE_HOME'],
    MFA_GRAPH_URL: tenant.sandbox.rootUrl,
    MFA_AUTHORITY_URL: authorityUrl,
  }
}

/** Variables that people set up at the platform. */
const variables = (): Readonly<Record<string, string>> => ({
  AZURE_TENANT_ID: tenant.sandbox.tenantId,
  AZURE_CLIENT_ID: CLIENT,
  MFA_SOURCE: CONTOSO,
  MFA_SOURCE_USERNAME: 'svc-mfa',
  MFA_STATE: place.state,
})

const example = async (name: string) =>
  parse(await readFile(join(FOLDER, name), 'utf8')) as Record<string, unknown>

/** Replaces every reference by what the table has for it. Throws for one that the table does not know. */
function fill(text: string, pattern: RegExp, table: Readonly<Record<string, string>>): string {
  return text.replaceAll(pattern, (all, name: string) => {
    const value = table[name]
    if (value === undefined) throw new Error(`nobody knows ${all}`)
    return value
  })
}

function mustBeKnown(step: Record<string, unknown>): void {
  const known = ['checkout', 'download', 'task', 'uses']
    .filter((key) => key in step)
    .map((key) => `${key}: ${String(step[key])}`)
  for (const each of known) if (!(each in NOT_RUN)) throw new Error(`nobody said why "${each}" is not run`)
}

/** `NAME=value` lines that a step left for those after it. */
async function lines(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8')
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

interface GithubStep {
  readonly id?: string
  readonly name: string
  readonly run?: string
}
interface GithubJob {
  readonly if?: string
  readonly needs?: string
  readonly environment?: string
  readonly outputs?: Record<string, string>
  readonly steps: readonly GithubStep[]
}

/** The jobs that run, in order; each `if` is looked up in the outputs of those before. */
async function github(): Promise<{ran: readonly Ran[]; skipped: readonly string[]}> {
  const workflow = await example('github-actions.yml')
  expect(workflow['permissions']).toMatchObject({'id-token': 'write'})
  const ran: Ran[] = []
  const skipped: string[] = []
  const contexts: Record<string, string> = {
    'inputs.group': GROUP,
    'github.run_id': '4711',
    'secrets.MFA_SOURCE_PASSWORD': SOURCE_PASSWORD,
    ...Object.fromEntries(Object.entries(variables()).map(([name, value]) => [`vars.${name}`, value])),
  }
  const evaluate = (text: string) => fill(text, /\$\{\{ *([\w.-]+) *\}\}/g, contexts)
  const env = Object.fromEntries(
    Object.entries(workflow['env'] as Record<string, string>).map(([name, value]) => [name, evaluate(value)]),
  )
  for (const [id, job] of Object.entries(workflow['jobs'] as Record<string, GithubJob>)) {
    const [, name = '', wanted] = /^([\w.]+) == '(\w+)'$/.exec(job.if ?? '') ?? []
    if (job.if !== undefined && contexts[name] !== wanted) {
      skipped.push(id)
      continue
    }
    const temp = join(place.folder, `runner-${id}`)
    await mkdir(temp)
    const [exports, outputs] = [join(temp, 'env'), join(temp, 'outputs')]
    await writeFile(exports, '')
    for (const step of job.steps) {
      mustBeKnown({...step})
      await writeFile(outputs, '')
      const result = await runScript(
        `${id}: ${step.name}`,
        evaluate(step.run ?? ''),
        {
          ...runner(authority.url),
          ...env,
          ...(await lines(exports)),
          RUNNER_TEMP: temp,
          GITHUB_ENV: exports,
          GITHUB_OUTPUT: outputs,
          ACTIONS_ID_TOKEN_REQUEST_URL: `${service.url}/token?api-version=2.0`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: service.requestToken,
        },
        place.work,
      )
      ran.push(result)
      if (result.code !== 0) return {ran, skipped}
      for (const [key, value] of Object.entries(await lines(outputs)))
        contexts[`steps.${step.id}.outputs.${key}`] = value
    }
    for (const [key, value] of Object.entries(job.outputs ?? {}))
      contexts[`needs.${id}.outputs.${key}`] = evaluate(value)
  }
  return {ran, skipped}
}

interface AzureStep {
  readonly task?: string
  readonly name?: string
  readonly bash?: string
  readonly env?: Record<string, string>
  readonly inputs?: Record<string, string>
}
interface AzureJob {
  readonly job?: string
  readonly deployment?: string
  readonly environment?: string
  readonly steps?: readonly AzureStep[]
  readonly strategy?: {readonly runOnce: {readonly deploy: {readonly steps: readonly AzureStep[]}}}
}
interface AzureStage {
  readonly stage: string
  readonly condition?: string
  readonly jobs: readonly AzureJob[]
}

async function azure(name: string): Promise<{ran: readonly Ran[]; skipped: readonly string[]}> {
  const pipeline = await example(name)
  const ran: Ran[] = []
  const skipped: string[] = []
  const outputs: Record<string, string> = {}
  const federated = name === 'azure-pipelines.yml'
  const macros: Record<string, string> = {
    ...variables(),
    MFA_SOURCE_PASSWORD: SOURCE_PASSWORD,
    MFA_CLIENT_CERTIFICATE_PASSWORD: PFX_PASSWORD,
    'Build.BuildId': '4711',
    'certificate.secureFilePath': pfx,
  }
  const evaluate = (text: string) =>
    fill(fill(text, /\$\{\{ *([\w.]+) *\}\}/g, {'parameters.group': GROUP}), /\$\(([\w.]+)\)/g, macros)
  const plain = (pipeline['variables'] as {name?: string; value?: string}[]).flatMap(({name, value}) =>
    name === undefined || value === undefined ? [] : [[name, evaluate(value)] as const],
  )
  for (const {stage, condition, jobs} of pipeline['stages'] as AzureStage[]) {
    const [, from = '', output = '', wanted] =
      /^eq\(dependencies\.(\w+)\.outputs\['([\w.]+)'\], '(\w+)'\)$/.exec(condition ?? '') ?? []
    if (condition !== undefined && outputs[`${from}/${output}`] !== wanted) {
      skipped.push(stage)
      continue
    }
    for (const {job, deployment, steps, strategy} of jobs) {
      const temp = join(place.folder, `agent-${stage}`)
      await mkdir(temp)
      for (const step of steps ?? strategy?.runOnce.deploy.steps ?? []) {
        const cli = step.task === 'AzureCLI@2'
        const script = cli ? step.inputs?.['inlineScript'] : step.bash
        if (!cli) mustBeKnown({...step})
        if (script === undefined) continue
        // Macros in a script would be replaced by the agent before bash sees them.
        expect(script).not.toMatch(/\$\((?!\[)[\w.]+\)/)
        const {AZURE_TENANT_ID, AZURE_CLIENT_ID, ...group} = variables()
        const result = await runScript(
          `${stage}: ${step.name ?? 'step'}`,
          script,
          {
            ...runner(federated ? authority.url : tenant.sandbox.authorityUrl),
            ...group,
            ...(federated ? {} : {AZURE_TENANT_ID, AZURE_CLIENT_ID}),
            ...Object.fromEntries(plain),
            ...Object.fromEntries(
              Object.entries(step.env ?? {}).map(([key, value]) => [key, evaluate(value)]),
            ),
            AGENT_TEMPDIRECTORY: temp,
            ...(cli && step.inputs?.['addSpnToEnvironment']
              ? {idToken: service.issue(AUDIENCE), servicePrincipalId: CLIENT, tenantId: AZURE_TENANT_ID}
              : {}),
          },
          place.work,
        )
        ran.push(result)
        if (result.code !== 0) return {ran, skipped}
        const set = /^##vso\[task\.setvariable variable=(\w+);isOutput=true\](\w+)$/gm
        for (const [, key, value = ''] of result.stdout.matchAll(set))
          outputs[`${stage}/${job ?? deployment}.${step.name}.${key}`] = value
      }
    }
  }
  return {ran, skipped}
}

interface GitlabJob {
  readonly stage: string
  readonly script: readonly string[]
  readonly when?: string
  readonly allow_failure?: {readonly exit_codes: number}
}
interface GitlabDefault {
  readonly id_tokens: Record<string, {readonly aud: string}>
  readonly before_script: readonly string[]
  readonly after_script: readonly string[]
}

async function gitlab(): Promise<{ran: readonly Ran[]; skipped: readonly string[]}> {
  const {stages, variables: own, default: shared, workflow, ...rest} = await example('gitlab-ci.yml')
  expect(workflow).toBeDefined()
  const {id_tokens: tokens, before_script: before, after_script: after} = shared as GitlabDefault
  const ran: Ran[] = []
  const known: Record<string, string> = {...variables(), CI_PIPELINE_ID: '4711'}
  const env = Object.fromEntries(
    Object.entries(own as Record<string, string>).map(([key, value]) => [
      key,
      fill(value, /\$(\w+)/g, known),
    ]),
  )
  const inOrder = Object.entries(rest as Record<string, GitlabJob>).sort(
    ([, one], [, other]) =>
      (stages as string[]).indexOf(one.stage) - (stages as string[]).indexOf(other.stage),
  )
  for (const [index, [name, job]] of inOrder.entries()) {
    const all = {
      ...runner(authority.url),
      ...variables(),
      ...env,
      MFA_SOURCE_PASSWORD: SOURCE_PASSWORD,
      GROUP,
      CI_BUILDS_DIR: place.work,
      CI_JOB_ID: String(index),
      ...Object.fromEntries(Object.entries(tokens).map(([key, {aud}]) => [key, service.issue(aud)])),
    }
    const script = `set -eo pipefail\n${[...before, ...job.script].join('\n')}`
    const result = await runScript(name, script, all, place.work)
    ran.push(result)
    ran.push(await runScript(`${name}: after`, after.join('\n'), all, place.work))
    if (result.code !== 0 && result.code !== job.allow_failure?.exit_codes) return {ran, skipped: []}
  }
  expect((await readdir(place.work)).filter((file) => file.includes('token'))).toEqual([])
  return {ran, skipped: []}
}

type Run = () => Promise<{readonly ran: readonly Ran[]; readonly skipped: readonly string[]}>

/** From nothing to migrated, with the verdict at the end and no secret in what a platform keeps of a job. */
async function migrates(run: Run, steps: number): Promise<void> {
  const {ran} = await run()
  const said = ran.map(({name, code, stdout, stderr}) => `${name} (${code})\n${stdout}${stderr}`).join('\n')
  expect(
    ran.map(({code}) => code).filter((code) => code !== 0 && code !== 2),
    said,
  ).toEqual([])
  expect(ran, said).toHaveLength(steps)
  expect(said).toContain(`all 6 users of "${GROUP}" are migrated; 0 failed`)
  expect(tenant.writes()).toBeGreaterThan(0)
  for (const secret of [SOURCE_PASSWORD, PFX_PASSWORD, service.requestToken, 'eyJ'])
    expect(said).not.toContain(secret)
}

describe.skipIf(process.platform === 'win32')('a pipeline', {timeout: 120_000}, () => {
  it.each([
    ['github-actions.yml', github, 8, ['apply']],
    ['azure-pipelines.yml', () => azure('azure-pipelines.yml'), 2, ['Apply']],
    ['gitlab-ci.yml', gitlab, 4, []],
  ] as const)(
    'migrates the group, and the second time finds nothing to do: %s',
    async (_name, run, steps, skips) => {
      await migrates(run, steps)
      expect(authority.accepted.length).toBeGreaterThan(0)
      const writes = tenant.writes()
      await Promise.all(
        (await readdir(place.folder))
          .filter((each) => /^(runner|agent)-/.test(each))
          .map((each) => rm(join(place.folder, each), {recursive: true})),
      )
      const again = await run()
      expect(tenant.writes()).toBe(writes)
      expect(again.skipped).toEqual(skips)
      expect(again.ran.map(({code}) => code).filter((code) => code !== 0)).toEqual([])
    },
  )

  it('migrates the group with a certificate: azure-pipelines-certificate.yml', async () => {
    await migrates(() => azure('azure-pipelines-certificate.yml'), 2)
    expect(authority.accepted).toEqual([])
  })

  it('stops where Entra does not trust the subject of its token', async () => {
    await authority.close()
    const other = await startTokenService('another subject')
    authority = await startFederatedAuthority({...other, subject: 'expected'}, CLIENT, () => '')
    await other.close()
    const {ran} = await github()
    expect(ran.map(({code}) => code)).toEqual([0, 0, 1])
    expect(ran.at(-1)?.stderr).toContain(
      'trusts no federated credential like the token of this pipeline (AADSTS700213)',
    )
    expect(tenant.writes()).toBe(0)
  })
})

describe('docs/pipelines.md', () => {
  it('shows the example files as they are', async () => {
    const page = await readFile(join(PACKAGE, 'docs', 'pipelines.md'), 'utf8')
    const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, body]) => body)
    const names = (await readdir(FOLDER)).toSorted()
    const files = await Promise.all(names.map((name) => readFile(join(FOLDER, name), 'utf8')))
    expect(names).toHaveLength(4)
    expect(blocks.toSorted()).toEqual(files.toSorted())
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })
})
