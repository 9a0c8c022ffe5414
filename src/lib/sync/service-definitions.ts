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
  systemd: ({words}) => ({
    file: '/etc/systemd/system/mfa-sync.service',
    text: `[Unit]
Description=${DESCRIPTION}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=/usr/local/bin/mfa ${words.map(systemdWord).join(' ')}
# MFA_TENANT_ID, MFA_CLIENT_ID, MFA_SOURCE_USERNAME and the like; root:root 0600
EnvironmentFile=-/etc/mfa/mfa.env
# The certificate with its key stays root's; the service sees a copy in memory.
LoadCredential=client.pem:/etc/mfa/client.pem
Environment=MFA_CLIENT_CERTIFICATE_PATH=%d/client.pem
Environment=MFA_STATE=/var/lib/mfa-sync
DynamicUser=yes
StateDirectory=mfa-sync
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
RestartSec=30
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
      'Put settings without secrets into /etc/mfa/mfa.env, and the certificate with its key into /etc/mfa/client.pem (both root, 0600).',
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
      'Save as UTF-16. Put mfa.config.json (settings, the path of the certificate) into %ProgramData%\\mfa; let NETWORK SERVICE alone read it and the certificate.',
      'schtasks /Create /TN mfa-sync /XML mfa-sync-task.xml',
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

  kubernetes: ({words, listen}) => ({
    file: 'mfa-sync.yaml',
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: mfa-sync
spec:
  # State is a SQLite file on one volume: one at a time.
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: mfa-sync}}
  template:
    metadata: {labels: {app: mfa-sync}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: ${STOP_SECONDS}
      securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: mfa
          image: mfa:latest
          args: ${JSON.stringify(words)}
          env:
            - {name: MFA_STATE, value: /var/lib/mfa}
            - {name: MFA_TENANT_ID, valueFrom: {configMapKeyRef: {name: mfa-sync, key: tenantId}}}
            - {name: MFA_CLIENT_ID, valueFrom: {configMapKeyRef: {name: mfa-sync, key: clientId}}}
            - {name: MFA_CLIENT_CERTIFICATE_PATH, value: /etc/mfa/client.pem}
          volumeMounts:
            - {name: certificate, mountPath: /etc/mfa, readOnly: true}
            - {name: state, mountPath: /var/lib/mfa}
            - {name: tmp, mountPath: /tmp}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
${probes(listen)}          resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}
      volumes:
        - {name: certificate, secret: {secretName: mfa-client, defaultMode: 256, items: [{key: client.pem, path: client.pem}]}}
        - {name: state, persistentVolumeClaim: {claimName: mfa-state}}
        - {name: tmp, emptyDir: {}}
`,
    steps: [
      'kubectl create secret generic mfa-client --from-file=client.pem; a ConfigMap mfa-sync with tenantId and clientId; a PersistentVolumeClaim mfa-state.',
      'kubectl apply -f mfa-sync.yaml',
      'Not tried in a cluster.',
    ],
  }),

  container: ({words, listen}) => ({
    file: 'Containerfile',
    text: `FROM node:24-slim
COPY mfa-*.tgz /tmp/
RUN npm install -g /tmp/mfa-*.tgz && rm /tmp/mfa-*.tgz && mkdir /var/lib/mfa && chown node:node /var/lib/mfa
USER node
ENV MFA_STATE=/var/lib/mfa MFA_CLIENT_CERTIFICATE_PATH=/run/secrets/client.pem
VOLUME /var/lib/mfa
STOPSIGNAL SIGTERM
${listen === undefined ? '' : `HEALTHCHECK --interval=1m CMD ["node", "-e", "fetch('http://127.0.0.1:${listen.port}/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]\n`}ENTRYPOINT ["mfa"]
CMD ${JSON.stringify(words)}
`,
    steps: [
      'npm pack in the clone makes mfa-0.1.0.tgz beside the Containerfile; then podman build -t mfa . (or docker build).',
      `podman run -d --restart=on-failure --stop-timeout ${STOP_SECONDS} --read-only --cap-drop=all --secret client.pem -e MFA_TENANT_ID -e MFA_CLIENT_ID -v mfa-state:/var/lib/mfa mfa`,
      'Not tried with a container engine.',
    ],
  }),
}

const probes = (listen: ServiceRequest['listen']): string =>
  listen === undefined
    ? ''
    : `          ports: [{name: health, containerPort: ${listen.port}}]
          livenessProbe: {httpGet: {path: /live, port: health}, periodSeconds: 30}
          readinessProbe: {httpGet: {path: /ready, port: health}, periodSeconds: 30}
`

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
