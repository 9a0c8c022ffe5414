import {CLOUD_NAMES, type CloudName} from '../model/cloud.js'

/** Addresses of a cloud, without a trailing slash. A token for one cloud is worth nothing in another. */
export interface Cloud {
  readonly name: CloudName
  /** `/v1.0/…` and `/beta/…` are appended; also the audience of every token. */
  readonly graphRoot: string
  /** `/{tenant}/oauth2/v2.0/token` is appended. */
  readonly authority: string
}

const TABLE: Readonly<Record<CloudName, Omit<Cloud, 'name'>>> = {
  global: {graphRoot: 'https://graph.microsoft.com', authority: 'https://login.microsoftonline.com'},
  usgov: {graphRoot: 'https://graph.microsoft.us', authority: 'https://login.microsoftonline.us'},
  usgovdod: {graphRoot: 'https://dod-graph.microsoft.us', authority: 'https://login.microsoftonline.us'},
  china: {
    graphRoot: 'https://microsoftgraph.chinacloudapi.cn',
    authority: 'https://login.chinacloudapi.cn',
  },
}

export function cloud(name: CloudName): Cloud {
  return {name, ...TABLE[name]}
}

/** The cloud whose Microsoft Graph a token is for; undefined for an audience that does not tell. */
export function cloudOf(audience: string | undefined): CloudName | undefined {
  const root = audience?.replace(/\/$/, '').toLowerCase()
  return CLOUD_NAMES.find((name) => TABLE[name].graphRoot === root)
}

/** Where requests go and who issues tokens, after `MFA_GRAPH_URL` and `MFA_AUTHORITY_URL`. No trailing slash. */
export interface Endpoints {
  readonly graphUrl: string
  readonly authorityUrl: string
  /** The scope to ask for; the cloud's own Graph, also where `graphUrl` points elsewhere. */
  readonly scope: string
  /** `scope` without `/.default`: what managed identities call the resource. */
  readonly resource: string
}

export function endpoints(
  name: CloudName,
  override: {readonly graphUrl?: string | undefined; readonly authorityUrl?: string | undefined} = {},
): Endpoints {
  const {graphRoot, authority} = TABLE[name]
  return {
    graphUrl: override.graphUrl ?? graphRoot,
    authorityUrl: override.authorityUrl ?? authority,
    scope: `${graphRoot}/.default`,
    resource: graphRoot,
  }
}
