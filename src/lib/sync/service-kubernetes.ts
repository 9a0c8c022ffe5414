import {isLoopback} from '../model/loopback.js'
import type {ServiceDefinition, ServiceRequest} from './service-definitions.js'
import {namedFiles} from './service-files.js'

/**
 * A Deployment. Files that the words name are mounted where the words say: the bundle from a claim, others from a secret, since
 * seed files are among them. With the state in PostgreSQL two run; with a file one, on a volume.
 *
 * @param stopSeconds what a clean end may take
 */
export function kubernetesDefinition(request: ServiceRequest, stopSeconds: number): ServiceDefinition {
  const {listen, bundle, files = [], shared = false} = request
  const names = namedFiles(files)
  return {
    file: 'mfa-sync.yaml',
    text: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: mfa-sync
spec:
${
  shared
    ? `  # State is in PostgreSQL: one leads, all work.
  replicas: 2
`
    : `  # State is a SQLite file on one volume: one at a time.
  replicas: 1
  strategy: {type: Recreate}
`
}  selector: {matchLabels: {app: mfa-sync}}
  template:
    metadata: {labels: {app: mfa-sync}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: ${stopSeconds}
      securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: mfa
          image: mfa:latest
          args: ${JSON.stringify(forProbes(request))}
          env:
            - {name: MFA_STATE, value: /var/lib/mfa}
            - {name: XDG_STATE_HOME, value: /var/lib/mfa}
            - {name: MFA_TENANT_ID, valueFrom: {configMapKeyRef: {name: mfa-sync, key: tenantId, optional: true}}}
            - {name: MFA_CLIENT_ID, valueFrom: {configMapKeyRef: {name: mfa-sync, key: clientId}}}
            - {name: MFA_CLIENT_CERTIFICATE_PATH, value: /etc/mfa/client.pem}
${bundle === undefined ? ['MFA_SOURCE_USERNAME', 'MFA_SOURCE_PASSWORD'].map(secret).join('') : ''}${shared ? secret('PGPASSWORD') : ''}          volumeMounts:
            - {name: certificate, mountPath: /etc/mfa, readOnly: true}
            - {name: state, mountPath: /var/lib/mfa}
            - {name: tmp, mountPath: /tmp}
${bundle === undefined ? '' : `            - {name: bundle, mountPath: ${JSON.stringify(bundle)}, readOnly: true}\n`}${names.map(({path, name}) => `            - {name: files, mountPath: ${JSON.stringify(path)}, subPath: ${JSON.stringify(name)}, readOnly: true}\n`).join('')}          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
${probes(listen)}          resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}
      volumes:
        - {name: certificate, secret: {secretName: mfa-client, defaultMode: 256, items: [{key: client.pem, path: client.pem}]}}
        - {name: state, ${shared ? 'emptyDir: {}' : 'persistentVolumeClaim: {claimName: mfa-state}'}}
        - {name: tmp, emptyDir: {}}
${bundle === undefined ? '' : '        - {name: bundle, persistentVolumeClaim: {claimName: mfa-bundle, readOnly: true}}\n'}${names.length === 0 ? '' : '        - {name: files, secret: {secretName: mfa-files, defaultMode: 256}}\n'}`,
    steps: [
      'kubectl create secret generic mfa-client --from-file=client.pem; a ConfigMap mfa-sync with clientId, and tenantId unless --tenant is given.',
      ...(shared ? [] : ['A PersistentVolumeClaim mfa-state.']),
      ...(bundle === undefined
        ? [
            'A Secret mfa-sync with MFA_SOURCE_USERNAME and MFA_SOURCE_PASSWORD, unless the server takes a certificate.',
          ]
        : [`A PersistentVolumeClaim mfa-bundle that holds what is in ${bundle}.`]),
      ...(shared ? ['PGPASSWORD in the Secret mfa-sync.'] : []),
      ...(names.length === 0
        ? []
        : [
            `kubectl create secret generic mfa-files ${names.map(({path, name}) => `--from-file=${name}=${path}`).join(' ')}`,
          ]),
      ...(isOurs(listen)
        ? [
            `--listen is 0.0.0.0:${listen?.port} in it: probes come from outside the container. Let a NetworkPolicy say who else may ask.`,
          ]
        : []),
      'kubectl apply -f mfa-sync.yaml',
      'Not tried in a cluster.',
    ],
  }
}

const isOurs = (listen: ServiceRequest['listen']): boolean => listen !== undefined && isLoopback(listen.host)

/** Probes come from outside the container, where its loopback cannot be reached. */
function forProbes({words, listen}: ServiceRequest): readonly string[] {
  if (!isOurs(listen)) return words
  return words.map((word, at) => (words[at - 1] === '--listen' ? `0.0.0.0:${listen?.port}` : word))
}

const secret = (name: string): string =>
  `            - {name: ${name}, valueFrom: {secretKeyRef: {name: mfa-sync, key: ${name}, optional: true}}}\n`

const probes = (listen: ServiceRequest['listen']): string =>
  listen === undefined
    ? ''
    : `          ports: [{name: health, containerPort: ${listen.port}}]
          livenessProbe: {httpGet: {path: /live, port: health}, periodSeconds: 30}
          readinessProbe: {httpGet: {path: /ready, port: health}, periodSeconds: 30}
`
