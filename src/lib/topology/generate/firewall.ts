import type {Topology} from '../../model/topology.js'
import type {CloudHosts} from '../finding.js'
import {type Flow, flows, receivers} from './flows.js'
import {type GeneratedFile, windowsText} from './generated.js'

/** A list for whoever keeps the firewalls, and a script for Windows' own. */
export function firewall(topology: Topology, hosts: CloudHosts): readonly GeneratedFile[] {
  const list = flows(topology, hosts)
  return [
    {
      name: 'firewall.csv',
      text: windowsText([
        'from,fromAddresses,to,toHost,toAddress,protocol,port,rule,why',
        ...list.map(csvLine),
      ]),
    },
    {name: 'firewall.ps1', text: windowsText(script(topology, list))},
  ]
}

/** Names have letters, digits, dots, hyphens and underscores only; `why` is ours. */
const csvLine = ({from, sources, to, protocol, port, rule, why}: Flow): string =>
  [
    from,
    sources.map(({address, host}) => address ?? host).join(' '),
    to.name,
    to.host,
    to.address ?? '',
    protocol,
    String(port),
    rule,
    `"${why}"`,
  ].join(',')

function script(topology: Topology, list: readonly Flow[]): readonly string[] {
  const machines = receivers(topology, list)
  return [
    '#Requires -RunAsAdministrator',
    '# Windows firewall rules for incoming traffic of one machine of the topology. Rules of an earlier run are replaced.',
    '# Replication is open to the other MFA servers only; narrow the rest to your load balancer with -LoadBalancer.',
    '[CmdletBinding(SupportsShouldProcess)]',
    'param(',
    `    [Parameter(Mandatory)] [ValidateSet(${machines.map(({name}) => `'${name}'`).join(', ')})] [string] $Server,`,
    "    [string[]] $LoadBalancer = @('Any')",
    ')',
    'Set-StrictMode -Version Latest',
    "$ErrorActionPreference = 'Stop'",
    'function Addresses([string[]] $Names) {',
    '    foreach ($name in $Names) { [System.Net.Dns]::GetHostAddresses($name) | ForEach-Object { $_.IPAddressToString } }',
    '}',
    'function Allow([string] $Protocol, [int] $Port, [string[]] $From, [string] $Why) {',
    '    $name = "mfa-ha $Protocol $Port $Why"',
    '    if (-not $PSCmdlet.ShouldProcess($name, "allow from $($From -join \', \')")) { return }',
    '    Get-NetFirewallRule -DisplayName $name -ErrorAction SilentlyContinue | Remove-NetFirewallRule',
    '    New-NetFirewallRule -DisplayName $name -Direction Inbound -Action Allow -Protocol $Protocol -LocalPort $Port -RemoteAddress $From | Out-Null',
    '    "allowed: $name"',
    '}',
    'switch ($Server) {',
    ...machines.flatMap(({name}) => [
      `    '${name}' {`,
      ...unique(list.filter(({to}) => to.name === name).map(allowLine)),
      '    }',
    ]),
    '}',
  ]
}

function allowLine({protocol, port, sources, rule}: Flow): string {
  const from =
    sources.length === 0
      ? '$LoadBalancer'
      : `(Addresses ${sources.map(({address, host}) => `'${address ?? host}'`).join(', ')})`
  return `        Allow '${protocol}' ${port} ${from} '${rule}'`
}

const unique = (lines: readonly string[]): readonly string[] => [...new Set(lines)]
