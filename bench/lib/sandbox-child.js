// The sandbox tenant in a process of its own, so that it takes no processor time from the program that is measured.
//   node bench/lib/sandbox-child.js TENANT-FILE FAULTS, forked: sends where it listens; answers "stats".
import {built} from './dist.js'

const [tenantFile, faults] = process.argv.slice(2)
const {startSandbox} = await built('lib/sandbox/server')
const {parseFaults} = await built('lib/sandbox/faults')
const {readTenantFile} = await built('lib/sandbox/tenant-file')

const tenant = await readTenantFile(tenantFile)
const sandbox = await startSandbox({stateFile: ':memory:', tenant, faults: parseFaults(faults ?? '')})
process.send({rootUrl: sandbox.rootUrl, tenantId: sandbox.tenantId, token: sandbox.issueToken()})
process.on('message', () => process.send({...sandbox.stats(), cpuMs: process.cpuUsage().user / 1000}))
process.on('disconnect', () => process.exit())
