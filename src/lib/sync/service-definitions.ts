import {namedFiles} from './service-files.js'
import {kubernetesDefinition} from './service-kubernetes.js'

/** Ways of running `mfa sync run` all the time. */
export const SERVICE_FORMATS = [
  'systemd',
  'windows-task',
  'windows-service',
  'kubernetes',
  'container',
] as const
export type ServiceFormat = (typeof SERVICE_FORMATS)[number]

export interface ServiceRequest {
  /** What follows `mfa`, as it would be typed, one word an entry: `sync`, `run`, `--group`, `MFA pilot`, … */
  readonly words: readonly string[]
  /** For health checks, where one was asked for. */
  readonly listen?: {readonly host: string; readonly port: number} | undefined
  /** The bundle that the words name; undefined where they name a server. */
  readonly bundle?: string | undefined
  /** Other files that the words name. */
  readonly files?: readonly string[] | undefined
  /** State is in PostgreSQL: several may run. */
  readonly shared?: boolean | undefined
}

export interface ServiceDefinition {
  /** What the file is called where it is put. */
  readonly file: string
  readonly text: string
  /** What to do with it, a line a step. */
  readonly steps: readonly string[]
}

/** A complete definition: least privileges, restart, an end within its time; secrets by reference, never in the text. */
export function serviceDefinition(format: ServiceFormat, request: ServiceRequest): ServiceDefinition {
  return MAKERS[format](request)
}

const DESCRIPTION = 'Keeps Microsoft Entra MFA in step with Azure MFA Server'
/** What a clean end may take (the last request is let finish), with a margin. */
const STOP_SECONDS = 20

const MAKERS: Readonly<Record<ServiceFormat, (request: ServiceRequest) => ServiceDefinition>> = {
  systemd: ({words, bundle, files = []}) => ({
    file: '/etc/systemd/system/mfa-sync.service',
    text: `[Unit]
Description=${DESCRIPTION}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=/usr/local/bin/mfa ${systemdLine(words, files)}
# MFA_TENANT_ID, MFA_CLIENT_ID; where needed MFA_SOURCE_USERNAME, MFA_SOURCE_PASSWORD, PGPASSWORD; root:root 0600
EnvironmentFile=-/etc/mfa/mfa.env
# The certificate with its key, and files with seeds, stay root's; the service sees copies in memory.
LoadCredential=client.pem:/etc/mfa/client.pem
${namedFiles(files)
  .map(({path, name}) => `LoadCredential=${credential(name)}:${path.replaceAll('%', '%%')}\n`)
  .join('')}Environment=MFA_CLIENT_CERTIFICATE_PATH=%d/client.pem
Environment=MFA_STATE=/var/lib/mfa-sync XDG_STATE_HOME=/var/lib/mfa-sync XDG_CACHE_HOME=/var/lib/mfa-sync/cache
DynamicUser=yes
StateDirectory=mfa-sync
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
RestartSec=30
# Wrong flags or settings: a person has to mend them.
RestartPreventExitStatus=64
TimeoutStopSec=${STOP_SECONDS}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`,
    steps: [
      'Put settings into /etc/mfa/mfa.env, and the certificate with its key into /etc/mfa/client.pem (both root, 0600).',
      ...(bundle === undefined ? [] : [readable(bundle)]),
      'systemctl daemon-reload && systemctl enable --now mfa-sync',
      'journalctl -u mfa-sync -f shows the rounds; journald rotates what it keeps.',
    ],
  }),

  'windows-task': ({words}) => ({
    file: 'mfa-sync-task.xml',
    text: `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>${DESCRIPTION}</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled><Delay>PT1M</Delay></BootTrigger></Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-20</UserId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>mfa.cmd</Command>
      <Arguments>${xml(words.map(windowsWord).join(' '))}</Arguments>
      <WorkingDirectory>%ProgramData%\\mfa</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`,
    steps: [
      'Put mfa.config.json (settings, the path of the certificate) into %ProgramData%\\mfa; let NETWORK SERVICE alone read it and the certificate.',
      'In PowerShell: Register-ScheduledTask -TaskName mfa-sync -Xml (Get-Content -Raw -Encoding UTF8 mfa-sync-task.xml)',
      'Not tried: this was written on another system.',
    ],
  }),

  'windows-service': ({words}) => ({
    file: 'mfa-sync.xml',
    text: `<!-- For WinSW, the Windows service wrapper: put its program beside this file as mfa-sync.exe. -->
<service>
  <id>mfa-sync</id>
  <name>MFA synchronisation</name>
  <description>${DESCRIPTION}</description>
  <executable>mfa.cmd</executable>
  <arguments>${xml(words.map(windowsWord).join(' '))}</arguments>
  <workingdirectory>%ProgramData%\\mfa</workingdirectory>
  <env name="MFA_STATE" value="%ProgramData%\\mfa\\state"/>
  <serviceaccount>
    <username>NT AUTHORITY\\NetworkService</username>
  </serviceaccount>
  <startmode>Automatic</startmode>
  <delayedAutoStart>true</delayedAutoStart>
  <onfailure action="restart" delay="30 sec"/>
  <stoptimeout>${STOP_SECONDS} sec</stoptimeout>
  <log mode="roll-by-size">
    <sizeThreshold>10240</sizeThreshold>
    <keepFiles>8</keepFiles>
  </log>
</service>
`,
    steps: [
      'Put mfa.config.json (settings, the path of the certificate) into %ProgramData%\\mfa; let NETWORK SERVICE alone read it and the certificate.',
      'mfa-sync.exe install, then mfa-sync.exe start',
      'Not tried: this was written on another system.',
    ],
  }),

  kubernetes: (request) => kubernetesDefinition(request, STOP_SECONDS),

  container: ({words, listen, bundle, files = []}) => ({
    file: 'Containerfile',
    text: `FROM node:24-slim
COPY mfa-*.tgz /tmp/
RUN npm install -g /tmp/mfa-*.tgz && rm /tmp/mfa-*.tgz && mkdir /var/lib/mfa && chown node:node /var/lib/mfa
USER node
ENV MFA_STATE=/var/lib/mfa MFA_CLIENT_CERTIFICATE_PATH=/run/secrets/client.pem
VOLUME /var/lib/mfa
STOPSIGNAL SIGTERM
${listen === undefined ? '' : `HEALTHCHECK --interval=1m CMD ["node", "-e", "fetch('http://${inside(listen.host)}:${listen.port}/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]\n`}ENTRYPOINT ["mfa"]
CMD ${JSON.stringify(words)}
`,
    steps: [
      'npm pack in the clone makes mfa-0.1.0.tgz beside the Containerfile; then podman build -t mfa . (or docker build).',
      `podman run -d --restart=on-failure --stop-timeout ${STOP_SECONDS} --read-only --tmpfs /tmp --cap-drop=all --secret client.pem${[
        bundle ?? [],
        files,
      ]
        .flat()
        .map((path) => ` -v ${path}:${path}:ro`)
        .join('')} -e MFA_TENANT_ID -e MFA_CLIENT_ID -v mfa-state:/var/lib/mfa mfa`,
      'Where needed, -e MFA_SOURCE_USERNAME, and --secret NAME,type=env,target=MFA_SOURCE_PASSWORD or target=PGPASSWORD.',
      'Not tried with a container engine.',
    ],
  }),
}

/** Where a process beside the server reaches it. */
const inside = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host

/** It runs as a user that is made anew at each start. */
function readable(bundle: string): string {
  const hidden = /^\/(home|root|run\/user|tmp|var\/tmp)(\/|$)/.test(bundle)
  return hidden
    ? `The service cannot see ${bundle} (ProtectHome, PrivateTmp): put the bundle below /srv, and write this anew.`
    : `Let a group of its own read ${bundle}, and name it: systemctl edit mfa-sync, [Service], SupplementaryGroups=GROUP.`
}

/** Beside the client's certificate. */
const credential = (name: string): string => (name === 'client.pem' ? 'file-client.pem' : name)

/** Files as the copies that systemd makes of them. */
function systemdLine(words: readonly string[], files: readonly string[]): string {
  const copies = new Map(namedFiles(files).map(({path, name}) => [path, `%d/${credential(name)}`]))
  return words.map((word) => copies.get(word) ?? systemdWord(word)).join(' ')
}

/** Quoted for a unit file: specifiers and variables stand for themselves. */
function systemdWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  if (/^[\w./:@=+,%$-]+$/.test(plain)) return plain
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** As the C run-time of Windows takes a command line apart. */
function windowsWord(word: string): string {
  if (/^[\w./:@=+,\\-]+$/.test(word)) return word
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
