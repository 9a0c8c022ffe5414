// The straightforward program that the throughput benchmark measures against: the Graph SDK, one user after the other.
// The members of the group are paged, each one's methods are read, the writes that are needed are sent, and the SDK's own
// retry is on. What is needed it is told by a saved plan, so that both programs send the same writes; it neither plans,
// nor keeps a journal, nor reads anything back.
//   node bench/lib/one-by-one.js PLAN, with MFA_GRAPH_URL and MFA_ACCESS_TOKEN
import {createHmac} from 'node:crypto'
import {readFile} from 'node:fs/promises'

import {
  Client,
  HTTPMessageHandler,
  RetryHandler,
  RetryHandlerOptions,
} from '@microsoft/microsoft-graph-client'

import {indexOf, inventedUser} from './invented-user.js'

const {MFA_GRAPH_URL: root, MFA_ACCESS_TOKEN: token} = process.env
const plan = JSON.parse(await readFile(process.argv[2], 'utf8'))
const actionsOf = new Map(plan.plans.map(({id, actions}) => [id, actions]))
const PHONES = {
  mobile: '3179e48a-750b-4051-897c-87b9720928f7',
  alternateMobile: 'b6332ec1-7057-4abe-9331-3d72feddfe41',
  office: 'e37fc753-ff3b-4958-9484-eaa9425c82bc',
}

// The SDK's own authentication sends no token over plain http.
const authenticate = {
  async execute(context) {
    context.options.headers = {...context.options.headers, Authorization: `Bearer ${token}`}
    await this.next.execute(context)
  },
  setNext(next) {
    this.next = next
  },
}
const retry = new RetryHandler(new RetryHandlerOptions())
retry.setNext(authenticate)
authenticate.setNext(new HTTPMessageHandler())
const client = Client.initWithMiddleware({middleware: retry, baseUrl: `${root}/`})
const v1 = (path) => client.api(path).version('v1.0')
const beta = (path) => client.api(path).version('beta')

let users = 0
let writes = 0
const found = await v1('/groups').filter(`displayName eq '${plan.group.displayName}'`).get()
const members = []
// The SDK's own page iterator knows no root but Microsoft's.
for (let next = `/groups/${found.value[0].id}/members?$top=999`; next !== undefined;) {
  const page = await v1(next).get()
  members.push(...page.value)
  next = page['@odata.nextLink']?.slice(`${root}/v1.0`.length)
}
for (const {id} of members) {
  const base = `/users/${id}/authentication`
  await v1(`${base}/methods`).get()
  await beta(`${base}/hardwareOathMethods`).get()
  await beta(`${base}/signInPreferences`).get()
  const made = {}
  for (const action of actionsOf.get(id) ?? []) {
    await send(id, base, action, made)
    writes += 1
  }
  users += 1
}
process.stdout.write(JSON.stringify({users, writes}))

async function send(user, base, action, made) {
  const {kind, serialNumber} = action
  const devices = '/directory/authenticationMethodDevices/hardwareOathDevices'
  if (kind === 'set-phone') {
    const body = {phoneNumber: action.number, phoneType: action.slot}
    if (action.change === 'create') await v1(`${base}/phoneMethods`).post(body)
    else await v1(`${base}/phoneMethods/${PHONES[action.slot]}`).patch(body)
  } else if (kind === 'set-default') {
    await beta(`${base}/signInPreferences`).patch({
      userPreferredMethodForSecondaryAuthentication: action.method,
    })
  } else if (kind === 'create-token') {
    const {manufacturer, model, timeIntervalInSeconds, hashFunction} = action
    const secretKey = secretOf(user, action.item)
    const body = {serialNumber, manufacturer, model, secretKey, timeIntervalInSeconds, hashFunction}
    made[serialNumber] = {deviceId: (await beta(devices).post(body)).id}
  } else if (kind === 'update-token') {
    const {manufacturer, model, timeIntervalInSeconds, hashFunction, deviceId} = action
    await beta(`${devices}/${deviceId}`).patch({manufacturer, model, timeIntervalInSeconds, hashFunction})
  } else if (kind === 'assign-token') {
    const id = action.deviceId ?? made[serialNumber].deviceId
    await beta(`${base}/hardwareOathMethods`).post({device: {id}})
    made[serialNumber] = {...made[serialNumber], methodId: id}
  } else if (kind === 'activate-token') {
    const held = await beta(`${base}/hardwareOathMethods`).get()
    const {id} = held.value.find(({device}) => device.serialNumber === serialNumber)
    const verificationCode = code(secretOf(user, action.item), action)
    await beta(`${base}/hardwareOathMethods/${id}/activate`).post({verificationCode})
  } else {
    throw new Error(`no way to send ${kind}`)
  }
}

/** Out of the server's data, which this program may look at as it likes. */
function secretOf(user, item) {
  const {server} = inventedUser(indexOf(user))
  const [kind, at] = item.split(':')
  return kind === 'device' ? server.devices[Number(at)].oathSecret : server.oathTokens[Number(at)].secret
}

function code(secret, {timeIntervalInSeconds, hashFunction}) {
  const bits = [...secret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / timeIntervalInSeconds)))
  const hash = createHmac(hashFunction === 'hmacsha256' ? 'sha256' : 'sha1', key)
    .update(counter)
    .digest()
  const at = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
