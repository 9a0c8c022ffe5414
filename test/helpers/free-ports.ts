import {createSocket} from 'node:dgram'
import {createServer, type AddressInfo} from 'node:net'

/** Ports on loopback that nobody has now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({length: count}, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** UDP ports. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = Array.from({length: count}, () => createSocket('udp4'))
  const ports = await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<number>((resolve, reject) => {
          socket.once('error', reject)
          socket.bind(0, '127.0.0.1', () => resolve(socket.address().port))
        }),
    ),
  )
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  return ports
}
