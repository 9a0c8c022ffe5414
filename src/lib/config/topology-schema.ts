import {z} from 'zod'

import {CLOUD_NAMES} from '../model/cloud.js'
import {BALANCED_SERVICES, STICKY, type Topology, WEB_COMPONENTS} from '../model/topology.js'
import {referenceFaults} from './topology-references.js'

/** Everything below ends up in configuration of other programs, so that no text may hold what steers them. */
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be a name of letters, digits, dots, hyphens and underscores',
  )
  .describe('A name that is unique in this file.')
const address = z
  .union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address')
  .describe('IP address. Generated configuration uses it instead of the host name.')
const host = z
  .union(
    [
      z
        .string()
        .regex(
          /^(?=.{1,253}$)(?!.*\.\d+$)[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}))*$/,
        ),
      z.ipv4(),
      z.ipv6(),
    ],
    'must be a host name such as mfa1.contoso.com, or an IP address',
  )
  .describe('DNS name, or IP address.')
const port = z
  .int('must be a port, 1 to 65535')
  .min(1, 'must be a port, 1 to 65535')
  .max(65_535, 'must be a port, 1 to 65535')
const file = z.string().regex(/^[A-Za-z0-9_./@-]+$/, 'must be a path without spaces and special characters')
const urlPath = z.string().regex(/^\/[A-Za-z0-9._~/-]*$/, 'must be a path that begins with /')
const thumbprint = z
  .string()
  .regex(/^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/, 'must be 40 or 64 hexadecimal digits without spaces')
  .describe('Thumbprint of the certificate that this machine registers with the app registration (H13).')
const range = z.string().regex(/^\d{1,5}-\d{1,5}$/, 'must be a port or a range such as 49152-65535')
const network = z
  .enum(['internal', 'perimeter'])
  .default('internal')
  .describe('Where the machine stands (H9).')
const httpsPort = port.default(443).describe('Port of its web services.')
const list = <T extends z.ZodType>(item: T) => z.array(item).max(200, 'has more than 200 entries')
const some = <T extends z.ZodType>(item: T) => list(item).min(1, 'must have at least one entry')

const machine = {name, host, address: address.optional(), httpsPort}

const server = z.strictObject({
  ...machine,
  role: z.enum(['primary', 'subordinate']).describe('The primary has the writable data file (H1).'),
  domain: host.describe('DNS name of the Active Directory domain it is joined to, or "standalone" (H4).'),
  components: list(z.enum(WEB_COMPONENTS)).default([]).describe('What else is installed on it (H9, H10).'),
  network,
  radiusPort: port.default(1812).describe('UDP port of its RADIUS service.'),
  staticPort: port
    .optional()
    .describe('Pfsvc_ncan_ip_tcp_port in its registry; leave out if it is not set (H5).'),
  outboundHttps: z
    .union(
      [z.literal('any'), list(z.string().regex(/^(\*\.)?[A-Za-z0-9.-]+$/))],
      'must be any, or a list of host names',
    )
    .optional()
    .describe('Hosts that it reaches by HTTPS, or "any" (H14).'),
  upgrading: z.boolean().default(false).describe('It is being upgraded, or is next (H12).'),
  visualCpp2015: list(z.enum(['x86', 'x64']))
    .optional()
    .describe('Visual C++ 2015 redistributables that are installed (H12).'),
  certificateThumbprint: thumbprint.optional(),
})

const webServer = z.strictObject({
  ...machine,
  components: some(z.enum(['user-portal', 'mobile-app'])).describe('What is installed on it (H8, H9).'),
  network,
  usesSdk: name.optional().describe('The balanced name through which it reaches the Web Service SDK (H9).'),
})

const adfsServer = z.strictObject({
  ...machine,
  sdkUrl: z
    .url({protocol: /^https$/, error: 'must be an address that begins with https://'})
    .regex(/^[^\s"'<>`\\]+$/)
    .optional()
    .describe('Web Service SDK address in its MFA adapter (H10). Leave out if it has no MFA adapter.'),
})

const balancedName = z.strictObject({
  name,
  host: host.describe('The name that clients use.'),
  address: address
    .optional()
    .describe('What a generated load balancer listens on; every address if left out.'),
  port: port.optional().describe('443 unless set; 1812 for radius.'),
  services: some(z.enum(BALANCED_SERVICES)).describe(
    'What clients find there. radius needs an entry of its own.',
  ),
  members: some(name).describe('The machines behind it.'),
  outOfRotation: list(name)
    .default([])
    .describe('Members that the load balancer sends nothing to now (H12).'),
  sticky: z.enum(STICKY).describe('How a client is kept on one member (H7, H8).'),
  internet: z.boolean().default(false).describe('It can be reached from the internet (H9).'),
  publishedThrough: list(name).default([]).describe('Proxies that publish it (H9).'),
  mark: z
    .union(
      [
        z.strictObject({header: z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'must be the name of a header')}),
        z.strictObject({body: z.string().min(1).max(300).refine(isPattern, 'must be a regular expression')}),
      ],
      'must be {header: NAME} or {body: PATTERN}',
    )
    .optional()
    .describe('What in an answer tells the servers apart; mfa ha probe looks at it.'),
  tls: z
    .strictObject({certificate: file.optional(), ca: file.optional()})
    .optional()
    .describe('PEM files on the load balancer: its certificate with key, and the CA of the members.'),
})

const radius = z.strictObject({
  clients: some(
    z.strictObject({
      name,
      targets: some(host).describe('RADIUS servers of this client, in its order (H6).'),
      timeoutSeconds: z.number().min(0.1).max(300).optional().describe('Seconds until it sends again.'),
      retries: z.int().min(0).max(20).optional().describe('How often it sends again.'),
    }),
  ),
  answerSeconds: z
    .number()
    .min(0.1)
    .max(600)
    .default(60)
    .describe('How long an MFA server may take to answer: people have to pick up a phone.'),
})

/** What a topology file may say; `docs/schema/topology.schema.json` is made from it. */
export const topologySchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1, 'must be 1').describe('Version of this format.'),
    name: z
      .string()
      .min(1)
      .max(100)
      // It stands in comments of generated files: no line ends there.
      .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, 'must be one line of text')
      .describe('For people.'),
    cloud: z.enum(CLOUD_NAMES).default('global').describe('National cloud of the tenant (H14).'),
    oneWaySms: z.boolean().describe('Do users type one-time passwords from text messages (one-way SMS, H7)?'),
    servers: some(server).describe('MFA servers.'),
    webServers: list(webServer)
      .default([])
      .describe('Machines with the user portal or the mobile app service only.'),
    proxies: list(z.strictObject(machine)).default([]).describe('Web Application Proxies, AD FS proxies.'),
    adfs: z
      .strictObject({
        published: z.boolean().describe('Is AD FS reachable from the internet (H11)?'),
        servers: some(adfsServer),
      })
      .optional(),
    balancedNames: list(balancedName).default([]).describe('Names behind which a load balancer stands.'),
    radius: radius.optional().describe('RADIUS clients, if there are any (H6).'),
    replication: z.strictObject({
      firewallBetweenServers: z.boolean().describe('Is there a firewall between MFA servers (H5)?'),
      openPorts: list(z.union([port, range], 'must be a port or a range such as 49152-65535'))
        .optional()
        .describe('TCP ports that it lets through between MFA servers.'),
    }),
    promotion: z
      .strictObject({
        mode: z.enum(['manual', 'automatic']).describe('How a subordinate is to become the primary (H3).'),
        candidate: name.optional().describe('The subordinate that is promoted first.'),
      })
      .optional(),
    migration: z
      .strictObject({
        server: name.describe('The secondary that runs migration and sync, and nothing else (H13).'),
        certificateThumbprint: thumbprint.optional(),
      })
      .optional(),
    paths: z
      .strictObject({
        webServiceSdk: urlPath.default('/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx'),
        userPortal: urlPath.default('/MultiFactorAuth/'),
        mobileApp: urlPath.default('/MultiFactorAuthMobileAppWebService/'),
      })
      .prefault({})
      .describe('Where the web services are on their servers.'),
  })
  .superRefine((topology, context) => {
    for (const {path, message} of referenceFaults(topology))
      context.addIssue({code: 'custom', path: [...path], message})
  })
  .transform(({$schema: _schema, version: _version, ...said}): Topology => {
    const balancedNames = said.balancedNames.map((one) => ({
      ...one,
      port: one.port ?? (one.services.includes('radius') ? 1812 : 443),
    }))
    return {...said, balancedNames}
  })

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

/** The published schema of topology files, in the draft that editors understand. */
export function topologyJsonSchema(): Readonly<Record<string, unknown>> {
  const {$schema, ...rest} = z.toJSONSchema(topologySchema, {io: 'input', target: 'draft-07'})
  return {
    $schema,
    title: 'Topology of an Azure MFA Server deployment, for mfa ha',
    ...rest,
  }
}
