import {MfaError} from '../../errors/mfa-error.js'
import {printable} from '../../model/printable.js'
import type {TopologyFile} from '../../model/topology.js'
import {type Balanced, balancedNames, hostPort, isIp} from './balancing.js'
import {type GeneratedFile, unixText} from './generated.js'

/** A person may take this long to answer a call or a message. */
const PATIENCE = '120s'

/**
 * Names that are sticky by cookie end TLS at the load balancer and are encrypted again to the members; all others are
 * passed through. RADIUS is left to nginx: HAProxy does not forward UDP.
 */
export function haproxy(file: TopologyFile): readonly GeneratedFile[] {
  const all = balancedNames(file)
  const names = all.filter(({isRadius}) => !isRadius)
  if (names.length === 0)
    throw new MfaError(
      'TOPOLOGY_RADIUS_ONLY',
      `${file.path} balances RADIUS only, and HAProxy does not forward UDP`,
      {
        exit: 'data',
        fix: `Use nginx: mfa ha generate ${file.path} --format nginx.`,
      },
    )
  const byName = names.some(({members}) => members.some(({address}) => !isIp(address)))
  const lines = [
    `# HAProxy for "${file.topology.name}", from ${printable(file.path)} by mfa ha generate. Check it: haproxy -c -f haproxy.cfg`,
    ...all
      .filter(({isRadius}) => isRadius)
      .map(
        ({name}) =>
          `# ${name} is RADIUS (UDP), which HAProxy does not forward: mfa ha generate --format nginx.`,
      ),
    '',
    'global',
    '    maxconn 4096',
    '    log stdout format raw local0 info',
    '',
    'defaults',
    '    log global',
    '    retries 2',
    '    option redispatch 1',
    '    timeout connect 3s',
    `    timeout client ${PATIENCE}`,
    `    timeout server ${PATIENCE}`,
    '    timeout check 3s',
    `    default-server inter 2s fall 2 rise 2${byName ? ' resolvers system init-addr last,libc,none' : ''}`,
    ...(byName ? ['', 'resolvers system', '    parse-resolv-conf'] : []),
    ...names.flatMap(proxyLines),
  ]
  return [{name: 'haproxy.cfg', text: unixText(lines)}]
}

function proxyLines(one: Balanced): readonly string[] {
  const ends = one.sticky === 'cookie'
  const bind = hostPort(one.listen.address ?? '*', one.listen.port)
  const certificate = one.certificate ?? `/etc/haproxy/certs/${one.name}.pem`
  return [
    '',
    `# ${one.host}: ${REASONS[one.sticky]}${one.because === undefined ? '' : ` (rule ${one.because})`}`,
    `frontend ${one.name}`,
    `    mode ${ends ? 'http' : 'tcp'}`,
    `    option ${ends ? 'httplog' : 'tcplog'}`,
    ends ? `    bind ${bind} ssl crt ${certificate} ssl-min-ver TLSv1.2` : `    bind ${bind}`,
    ...(ends ? ['    option forwardfor'] : []),
    `    default_backend ${one.name}`,
    '',
    `backend ${one.name}`,
    `    mode ${ends ? 'http' : 'tcp'}`,
    '    balance roundrobin',
    ...stickyLines(one),
    ...healthLines(one),
    ...one.members.map(({name, address, port, isOut}) =>
      [
        `    server ${name} ${hostPort(address, port)}`,
        ...(ends ? [`cookie ${name}`, 'ssl'] : []),
        ...(ends ? tlsWords(one) : []),
        'check',
        ...(!ends && one.healthPath !== undefined ? ['check-ssl', ...tlsWords(one)] : []),
        ...(isIp(one.host) || one.healthPath === undefined ? [] : [`check-sni ${one.host}`]),
        ...(isOut ? ['disabled'] : []),
      ].join(' '),
    ),
  ]
}

const REASONS = {
  none: 'stateless',
  cookie: 'sticky by cookie',
  'source-address': 'sticky by the address of the client',
} as const

function stickyLines({sticky}: Balanced): readonly string[] {
  if (sticky === 'cookie') return ['    cookie MFASERVER insert indirect nocache httponly secure']
  if (sticky === 'none') return []
  return ['    stick-table type ipv6 size 200k expire 12h', '    stick on src']
}

/** 401 and 403 come from a server that works and wants a sign-in. */
function healthLines({healthPath, host}: Balanced): readonly string[] {
  if (healthPath === undefined) return []
  return [
    '    option httpchk',
    `    http-check send meth GET uri ${healthPath} ver HTTP/1.1 hdr Host ${host} hdr Connection close`,
    '    http-check expect rstatus ^([23][0-9][0-9]|401|403)$',
  ]
}

const tlsWords = ({ca, host, sticky}: Balanced): readonly string[] => [
  'verify required',
  `ca-file ${ca ?? '@system-ca'}`,
  ...(isIp(host) ? [] : [`verifyhost ${host}`]),
  ...(isIp(host) || sticky !== 'cookie' ? [] : [`sni str(${host})`]),
]
