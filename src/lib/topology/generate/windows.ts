import {MfaError} from '../../errors/mfa-error.js'
import type {TopologyFile} from '../../model/topology.js'
import type {CloudHosts} from '../finding.js'
import {type GeneratedFile, windowsText} from './generated.js'

const KEY = String.raw`SOFTWARE\Wow6432Node\Positive Networks\PhoneFactor`
const VALUE = 'Pfsvc_ncan_ip_tcp_port'

/** The one static port of all servers (H5). Throws MfaError `data` where there is none, or more than one. */
export function staticPort({path, topology, lineOf}: TopologyFile): number {
  const [port, ...others] = new Set(topology.servers.flatMap(({staticPort}) => staticPort ?? []))
  if (port !== undefined && others.length === 0) return port
  const said =
    port === undefined
      ? 'no server has a staticPort'
      : `servers have different static ports (${[port, ...others].join(', ')})`
  throw new MfaError(
    'TOPOLOGY_STATIC_PORT',
    `${path}, line ${lineOf(['servers'])}, field servers: ${said} (rule H5)`,
    {
      exit: 'data',
      fix: 'Give every server the same staticPort: that is free on all of them, for example 4443.',
    },
  )
}

/** For `reg import`, on every server. */
export function registry(file: TopologyFile): readonly GeneratedFile[] {
  const port = staticPort(file)
  const lines = [
    'Windows Registry Editor Version 5.00',
    '',
    `; Static replication port ${port} of MFA Server (rule H5). Import on every MFA server (${file.topology.servers.map(({name}) => name).join(', ')}),`,
    '; then restart the service MultiFactorAuth there, one server after the other.',
    `[HKEY_LOCAL_MACHINE\\${KEY}]`,
    `"${VALUE}"=dword:${port.toString(16).padStart(8, '0')}`,
  ]
  return [{name: 'mfa-static-port.reg', text: windowsText(lines)}]
}

export function powershell(file: TopologyFile, hosts: CloudHosts): readonly GeneratedFile[] {
  return [
    {name: 'set-static-port.ps1', text: windowsText(portScript(staticPort(file)))},
    {name: 'check-outbound.ps1', text: windowsText(outboundScript(hosts))},
  ]
}

const portScript = (port: number): readonly string[] => [
  '#Requires -RunAsAdministrator',
  `# Sets the static replication port of MFA Server (rule H5). Run it on every MFA server, one after the other.`,
  '# Changes nothing where the port is set already. -Restart also restarts the service, which the port takes effect with.',
  '[CmdletBinding(SupportsShouldProcess)]',
  'param([switch] $Restart)',
  'Set-StrictMode -Version Latest',
  "$ErrorActionPreference = 'Stop'",
  `$port = ${port}`,
  `$key = 'HKLM:\\${KEY}'`,
  `$name = '${VALUE}'`,
  'if (-not (Test-Path -LiteralPath $key)) { throw "MFA Server is not installed here: there is no key $key" }',
  '$taken = Get-NetTCPConnection -State Listen -LocalPort $port -ErrorAction SilentlyContinue |',
  '    ForEach-Object { (Get-Process -Id $_.OwningProcess -ErrorAction SilentlyContinue).ProcessName } | Sort-Object -Unique',
  'if ($taken) { Write-Warning "Port $port is in use here by: $($taken -join \', \'). Make sure that it is MFA Server." }',
  '$now = (Get-ItemProperty -LiteralPath $key).PSObject.Properties[$name]',
  'if ($null -ne $now -and $now.Value -eq $port) { "$name is $port already"; if (-not $Restart) { return } }',
  'elseif ($PSCmdlet.ShouldProcess("$key\\$name", "set to $port")) {',
  '    New-ItemProperty -LiteralPath $key -Name $name -PropertyType DWord -Value $port -Force | Out-Null',
  '    "$name is $port now"',
  '}',
  "if ($Restart -and $PSCmdlet.ShouldProcess('MultiFactorAuth', 'restart the service')) { Restart-Service -Name MultiFactorAuth }",
]

const outboundScript = ({graph, signIn}: CloudHosts): readonly string[] => [
  '# Does this server reach Microsoft Graph and sign-in by HTTPS (rule H14)? Run it on every MFA server. Changes nothing.',
  'Set-StrictMode -Version Latest',
  '$failed = 0',
  `foreach ($name in '${graph}', '${signIn}') {`,
  '    $client = New-Object System.Net.Sockets.TcpClient',
  '    try {',
  '        if (-not $client.ConnectAsync($name, 443).Wait(10000)) { throw "no answer within 10 s" }',
  '        $stream = New-Object System.Net.Security.SslStream($client.GetStream())',
  '        $stream.AuthenticateAsClient($name, $null, [System.Security.Authentication.SslProtocols]::Tls12, $true)',
  '        "ok      $name 443, certificate from $($stream.RemoteCertificate.Issuer)"',
  '    } catch {',
  '        $failed++',
  '        "FAILED  $name 443: $($_.Exception.GetBaseException().Message)"',
  '    } finally { $client.Dispose() }',
  '}',
  'exit $failed',
]
