import {printable} from '../../model/printable.js'
import type {TopologyFile} from '../../model/topology.js'
import {type Balanced, balancedNames, hostPort, isIp} from './balancing.js'
import {type GeneratedFile, unixText} from './generated.js'

/** Names that are sticky by cookie in `http`, all others in `stream`: TLS passed through, RADIUS over UDP. */
export function nginx(file: TopologyFile): readonly GeneratedFile[] {
  const names = balancedNames(file)
  const ended = names.filter(({sticky}) => sticky === 'cookie')
  const passed = names.filter(({sticky}) => sticky !== 'cookie')
  const seconds = file.topology.radius?.answerSeconds ?? 60
  const byName = names.some(({members}) => members.some(({address}) => !isIp(address)))
  const lines = [
    `# nginx for "${file.topology.name}", from ${printable(file.path)} by mfa ha generate. Check it: nginx -t -c FILE`,
    '# stream is a module of its own in some systems (Debian: libnginx-mod-stream), which the next line loads.',
    'include /etc/nginx/modules-enabled/*.conf;',
    ...(byName
      ? ['# Host names are looked up once, when nginx starts: give machines an address: in the topology.']
      : []),
    'worker_processes auto;',
    'events { worker_connections 1024; }',
    ...(ended.length === 0 ? [] : httpLines(ended)),
    ...(passed.length === 0
      ? []
      : ['', 'stream {', ...passed.flatMap((one) => streamLines(one, seconds)), '}']),
  ]
  return [{name: 'nginx.conf', text: unixText(lines)}]
}

/** nginx has no sticky sessions of its own for free: a cookie of its making is hashed, so the same cookie means the same member. */
function httpLines(names: readonly Balanced[]): readonly string[] {
  return [
    '',
    'http {',
    '    # The first answer sets mfa_route; the member is chosen by a hash of it.',
    '    map $cookie_mfa_route $mfa_route {',
    '        "~^[0-9a-f]{32}$" $cookie_mfa_route;',
    '        default $request_id;',
    '    }',
    '    map $cookie_mfa_route $mfa_set_route {',
    '        "~^[0-9a-f]{32}$" "";',
    '        default "mfa_route=$request_id; Path=/; Secure; HttpOnly";',
    '    }',
    ...names.flatMap(httpServer),
    '}',
  ]
}

function httpServer(one: Balanced): readonly string[] {
  const certificate = one.certificate ?? `/etc/nginx/certs/${one.name}.pem`
  return [
    '',
    `    # ${one.host}: sticky by cookie${one.because === undefined ? '' : ` (rule ${one.because})`}`,
    `    upstream ${one.name} {`,
    `        zone ${one.name} 64k;`,
    '        hash $mfa_route consistent;',
    ...memberLines(one),
    '    }',
    '    server {',
    `        listen ${listen(one)} ssl;`,
    `        server_name ${one.host};`,
    `        ssl_certificate ${certificate};`,
    `        ssl_certificate_key ${certificate};`,
    '        ssl_protocols TLSv1.2 TLSv1.3;',
    '        add_header Set-Cookie $mfa_set_route always;',
    '        location / {',
    `            proxy_pass https://${one.name};`,
    '            proxy_http_version 1.1;',
    '            proxy_set_header Host $http_host;',
    '            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    '            proxy_set_header X-Forwarded-Proto $scheme;',
    '            proxy_ssl_verify on;',
    '            proxy_ssl_verify_depth 3;',
    `            proxy_ssl_trusted_certificate ${one.ca ?? '/etc/ssl/certs/ca-certificates.crt'};`,
    ...(isIp(one.host) ? [] : ['            proxy_ssl_server_name on;']),
    `            proxy_ssl_name ${one.host};`,
    '            proxy_connect_timeout 3s;',
    '            proxy_read_timeout 120s;',
    '            # Only where nothing was sent yet, or the request may be repeated: a POST is never sent twice.',
    '            proxy_next_upstream error timeout;',
    '        }',
    '    }',
  ]
}

function streamLines(one: Balanced, seconds: number): readonly string[] {
  const sticky = one.sticky === 'source-address'
  // Retransmissions come from one port, so that they reach the server that has the request already.
  const key = sticky ? '$remote_addr' : one.isRadius ? '$remote_addr$remote_port' : undefined
  const why = sticky ? 'sticky by the address of the client' : 'stateless'
  return [
    `    # ${one.host}: ${one.isRadius ? 'RADIUS, ' : ''}${why}${one.because === undefined ? '' : ` (rule ${one.because})`}`,
    ...(one.isRadius
      ? [
          '    # The RADIUS servers see the address of this machine: enter it there as the client, with the shared secret.',
          '    # reuseport: what a client sends again comes to the worker that has its session, not twice to a server.',
          '    # proxy_timeout is how long a person may take; a server that is silent that long is left out for a while.',
        ]
      : []),
    `    upstream ${one.name} {`,
    // Workers share what they know of servers that are down.
    `        zone ${one.name} 64k;`,
    ...(key === undefined ? [] : [`        hash ${key} consistent;`]),
    ...memberLines(one),
    '    }',
    '    server {',
    `        listen ${listen(one)}${one.isRadius ? ' udp reuseport' : ''};`,
    `        proxy_pass ${one.name};`,
    ...(one.isRadius
      ? ['        proxy_responses 1;', `        proxy_timeout ${milliseconds(seconds)};`]
      : ['        proxy_connect_timeout 3s;', '        proxy_timeout 120s;']),
    '    }',
  ]
}

const memberLines = ({members, isRadius}: Balanced): readonly string[] =>
  members.map(
    ({address, port, isOut}) =>
      `        server ${hostPort(address, port)}${isOut ? ' down' : ` max_fails=${isRadius ? 1 : 2} fail_timeout=10s`};`,
  )

const listen = ({listen: {address, port}}: Balanced): string =>
  address === undefined ? String(port) : hostPort(address, port)

const milliseconds = (seconds: number): string => `${Math.round(seconds * 1000)}ms`
