import type {HardwareOathTokenAuthenticationMethodDevice as Device} from '@microsoft/microsoft-graph-types-beta'
import type {ObjectId} from '../model/brand.js'
import type {InventoryToken, TokenStatus} from '../model/entra-user.js'
import {quoted} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

export const INVENTORY_PATH = '/directory/authenticationMethodDevices/hardwareOathDevices'

const STATUSES: ReadonlySet<string> = new Set(['available', 'assigned', 'activated', 'failedActivation'])

export function tokenStatus(value: unknown): TokenStatus {
  return typeof value === 'string' && STATUSES.has(value) ? (value as TokenStatus) : 'unknown'
}

export function inventoryToken(device: Device): InventoryToken | undefined {
  if (!device.id || !device.serialNumber) return undefined
  const holder = device.assignedTo?.id
  return {
    id: device.id,
    serialNumber: device.serialNumber,
    manufacturer: device.manufacturer ?? '',
    model: device.model ?? '',
    timeIntervalInSeconds: device.timeIntervalInSeconds ?? 30,
    // hmacsha1 is what Graph takes where nothing is said.
    hashFunction: device.hashFunction === 'hmacsha256' ? 'hmacsha256' : 'hmacsha1',
    status: tokenStatus(device.status),
    assignedTo: holder ? (holder as ObjectId) : undefined,
  }
}

/** Inventory tokens by serial number, one filter each, batched; a serial that is not there is left out. */
export async function tokensBySerial(
  graph: Graph,
  serials: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly InventoryToken[]>> {
  const wanted = [...new Set(serials)].filter((serial) => serial !== '')
  const lists = await Promise.all(wanted.map((serial) => tokensOf(graph, serial, signal)))
  return new Map(
    wanted
      .map((serial, index) => [serial, lists[index] ?? []] as const)
      .filter(([, list]) => list.length > 0),
  )
}

async function tokensOf(
  graph: Graph,
  serial: string,
  signal: AbortSignal,
): Promise<readonly InventoryToken[]> {
  return collect(graph, {$filter: `serialNumber eq ${quoted(serial)}`}, signal)
}

/** The whole inventory; only where a user's token does not say which device it is. */
export async function wholeInventory(graph: Graph, signal: AbortSignal): Promise<readonly InventoryToken[]> {
  return collect(graph, undefined, signal)
}

async function collect(
  graph: Graph,
  query: Readonly<Record<string, string>> | undefined,
  signal: AbortSignal,
): Promise<readonly InventoryToken[]> {
  const found: InventoryToken[] = []
  for await (const page of graph.pages(
    {method: 'GET', version: 'beta', path: INVENTORY_PATH, query},
    signal,
  )) {
    for (const device of page as readonly Device[]) {
      const token = inventoryToken(device)
      if (token !== undefined) found.push(token)
    }
  }
  return found
}
