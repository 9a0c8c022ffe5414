import {MfaError} from '../../errors/mfa-error.js'
import {hostPort} from './balancing.js'
import {type GeneratedFile, unixText, windowsText} from './generated.js'

/** Where Microsoft Entra's users set their methods up (B1). */
export const NEW_PORTAL = 'https://aka.ms/mfasetup'

export const REDIRECT_FORMATS = ['iis', 'nginx', 'haproxy'] as const
export type RedirectFormat = (typeof REDIRECT_FORMATS)[number]

/** Said with every rule: some users are not done with the old portal. */
export const STILL_NEEDED =
  'Users who sign in to RADIUS or LDAP clients through MFA Server may still need the old portal: move those clients first, or leave it reachable for them under another name.'

export interface RedirectOptions {
  /** `80`, `192.0.2.1:443`, `[2001:db8::1]:443`. */
  readonly listen?: string | undefined
  /** PEM file with certificate and key, for https. */
  readonly certificate?: string | undefined
  /** Where requests for the mobile app service and the SDK go on to. */
  readonly forward?: string | undefined
}

interface Understood {
  readonly address: string | undefined
  readonly port: number
  readonly certificate: string | undefined
  readonly forward: {readonly host: string; readonly port: number; readonly tls: boolean} | undefined
}

/** Paths of MFA Server's other web services, which may stand beside the portal and are not the portal. */
const OTHERS = '^/multifactorauth(mobileappwebservice|webservicesdk)(/|$)'

/**
 * What sends every request for the old user portal to `NEW_PORTAL` with 302, whatever its path and query. Not kept by
 * browsers, so that it can be taken back. Throws MfaError `usage` for values that cannot be used.
 */
export function portalRedirect(format: RedirectFormat, options: RedirectOptions): readonly GeneratedFile[] {
  switch (format) {
    case 'iis':
      if (options.listen !== undefined || options.certificate !== undefined || options.forward !== undefined)
        throw usage(
          '--listen, --certificate and --forward are not for --format iis: IIS has its own bindings',
        )
      return [{name: 'web.config', text: windowsText(iis())}]
    case 'nginx':
      return [{name: 'portal-redirect-nginx.conf', text: unixText(nginx(understand(options)))}]
    case 'haproxy':
      return [{name: 'portal-redirect-haproxy.cfg', text: unixText(haproxy(understand(options)))}]
    default:
      return format satisfies never
  }
}

const usage = (message: string): MfaError =>
  new MfaError('REDIRECT_OPTION', message, {exit: 'usage', fix: 'See --help.'})

function understand({listen, certificate, forward}: RedirectOptions): Understood {
  const found = /^(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:]+\]):)?(\d{1,5})$/.exec(
    listen ?? (certificate === undefined ? '80' : '443'),
  )
  const port = Number(found?.[2] ?? 0)
  if (port < 1 || port > 65_535) throw usage(`--listen ${listen} is no port and no ADDRESS:PORT`)
  if (certificate !== undefined && !/^[A-Za-z0-9_./@-]+$/.test(certificate))
    throw usage('--certificate has blanks or special characters in its path')
  return {
    address: found?.[1]?.replace(/^\[|\]$/g, ''),
    port,
    certificate,
    forward: target(forward),
  }
}

function target(forward: string | undefined): Understood['forward'] {
  if (forward === undefined) return undefined
  const url = URL.parse(forward)
  const bare =
    url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  if (url === null || !/^https?:$/.test(url.protocol) || !bare || !/^[A-Za-z0-9.-]+$/.test(url.hostname))
    throw usage(`--forward ${forward} is no address such as https://mfa-up-mas1.contoso.com`)
  const tls = url.protocol === 'https:'
  return {host: url.hostname, port: url.port === '' ? (tls ? 443 : 80) : Number(url.port), tls}
}

/** Text of a comment, in lines that a terminal holds. */
const NOTES = [
  'Users who sign in to RADIUS or LDAP clients through MFA Server may still need the old portal: move those',
  'clients first, or leave the portal reachable for them under another name.',
]

const iis = (): readonly string[] => [
  '<?xml version="1.0" encoding="utf-8"?>',
  '<!--',
  `  Sends every request for the old user portal to ${NEW_PORTAL}. Needs the URL Rewrite module of IIS.`,
  '  The portal has a web.config already: keep a copy of it, and put the rewrite element below into its',
  '  system.webServer element. It belongs in the folder of the portal only (usually',
  '  C:\\inetpub\\wwwroot\\MultiFactorAuth), so that the mobile app service and the SDK go on.',
  ...NOTES.map((line) => `  ${line}`),
  '-->',
  '<configuration>',
  '  <system.webServer>',
  '    <rewrite>',
  '      <rules>',
  '        <rule name="Old MFA portal" stopProcessing="true">',
  '          <match url=".*" />',
  `          <action type="Redirect" url="${NEW_PORTAL}" appendQueryString="false" redirectType="Found" />`,
  '        </rule>',
  '      </rules>',
  '    </rewrite>',
  '  </system.webServer>',
  '</configuration>',
]

function nginx({address, port, certificate, forward}: Understood): readonly string[] {
  const listen = `${address === undefined ? port : hostPort(address, port)}${certificate === undefined ? '' : ' ssl'}`
  return [
    `# Sends every request for the old user portal to ${NEW_PORTAL}. Check it: nginx -t -c FILE`,
    ...NOTES.map((line) => `# ${line}`),
    'events { worker_connections 1024; }',
    'http {',
    '    server {',
    `        listen ${listen};`,
    ...(certificate === undefined
      ? []
      : [
          `        ssl_certificate ${certificate};`,
          `        ssl_certificate_key ${certificate};`,
          '        ssl_protocols TLSv1.2 TLSv1.3;',
        ]),
    '        # For an nginx that stands there already: these two locations, in its server block.',
    '        # The mobile app service and the SDK are not the portal.',
    `        location ~* "${OTHERS}" {`,
    ...(forward === undefined
      ? ['            return 404;']
      : [
          `            proxy_pass ${forward.tls ? 'https' : 'http'}://${hostPort(forward.host, forward.port)};`,
          '            proxy_set_header Host $http_host;',
          '            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
          ...(forward.tls
            ? [
                '            proxy_ssl_server_name on;',
                '            proxy_ssl_verify on;',
                '            proxy_ssl_verify_depth 3;',
                '            proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;',
              ]
            : []),
        ]),
    '        }',
    '        location / {',
    '            add_header Cache-Control no-store always;',
    `            return 302 ${NEW_PORTAL};`,
    '        }',
    '    }',
    '}',
  ]
}

function haproxy({address, port, certificate, forward}: Understood): readonly string[] {
  const bind = `${hostPort(address ?? '*', port)}${certificate === undefined ? '' : ` ssl crt ${certificate} ssl-min-ver TLSv1.2`}`
  return [
    `# Sends every request for the old user portal to ${NEW_PORTAL}. Check it: haproxy -c -f FILE`,
    ...NOTES.map((line) => `# ${line}`),
    'defaults',
    '    mode http',
    '    timeout connect 3s',
    '    timeout client 30s',
    '    timeout server 120s',
    '',
    'frontend old_portal',
    `    bind ${bind}`,
    '    # For an HAProxy that stands there already: these lines, in its frontend.',
    '    # The mobile app service and the SDK are not the portal.',
    `    acl other_service path,lower -m reg ${OTHERS}`,
    `    http-request return status 302 hdr Location ${NEW_PORTAL} hdr Cache-Control no-store unless other_service`,
    ...(forward === undefined
      ? ['    http-request return status 404']
      : [
          '    option forwardfor',
          '    default_backend old_server',
          '',
          'backend old_server',
          `    server old ${hostPort(forward.host, forward.port)}${forward.tls ? ` ssl verify required ca-file @system-ca verifyhost ${forward.host} sni str(${forward.host})` : ''}`,
        ]),
  ]
}
