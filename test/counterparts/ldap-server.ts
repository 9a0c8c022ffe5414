import {createServer, type Server, type TLSSocket} from 'node:tls'
import type {AddressInfo} from 'node:net'
import {BerReader, BerWriter, PagedResultsControl, ProtocolOperation} from 'ldapts'

/** One search as it was asked; `cookie` undefined without a paging control. */
export interface Asked {
  readonly base: string
  readonly scope: number
  readonly page: {readonly size: number; readonly cookie: string; readonly critical: boolean} | undefined
}

/** What is answered to it; `hangUp` breaks the connection off after the entries. */
export interface Told {
  readonly entries?: readonly {
    readonly dn: string
    readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>
  }[]
  readonly references?: readonly string[]
  readonly code?: number
  readonly referrals?: readonly string[]
  /** Undefined: no paging control in the answer. */
  readonly cookie?: string
  readonly hangUp?: true
}

export interface LdapServer {
  readonly url: string
  readonly port: number
  readonly asked: readonly Asked[]
  readonly binds: readonly string[]
  close(): Promise<void>
}

/** A small LDAPS server with a script for an answer: for what no real one can be brought to say. Takes any sign-in. */
export async function ldapServer(
  tls: {readonly key: string; readonly cert: string},
  tell: (asked: Asked) => Told,
  address = '127.0.0.1',
): Promise<LdapServer> {
  const asked: Asked[] = []
  const binds: string[] = []
  const sockets = new Set<TLSSocket>()
  const server: Server = createServer(tls, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      rest = Buffer.concat([rest, piece])
      for (;;) {
        const frame = new BerReader(rest)
        if (frame.readSequence() === null || frame.offset + frame.length > rest.length) return
        const end = frame.offset + frame.length
        answer(socket, new BerReader(rest.subarray(0, end)))
        rest = rest.subarray(end)
      }
    })
  })

  function answer(socket: TLSSocket, reader: BerReader): void {
    reader.readSequence()
    const id = reader.readInt() ?? 0
    const operation = reader.readSequence()
    if (operation === ProtocolOperation.LDAP_REQ_BIND) {
      reader.readInt()
      binds.push(reader.readString() ?? '')
      socket.write(message(id, (writer) => result(writer, ProtocolOperation.LDAP_RES_BIND, {})))
    } else if (operation === ProtocolOperation.LDAP_REQ_SEARCH) {
      const question = search(reader)
      asked.push(question)
      const told = tell(question)
      for (const entry of told.entries ?? []) socket.write(message(id, (writer) => entryIn(writer, entry)))
      for (const uri of told.references ?? []) socket.write(message(id, (writer) => referenceIn(writer, uri)))
      if (told.hangUp === true) socket.end()
      else
        socket.write(
          message(id, (writer) => {
            result(writer, ProtocolOperation.LDAP_RES_SEARCH, told)
            if (told.cookie !== undefined) cookieIn(writer, told.cookie)
          }),
        )
    } else socket.end()
  }

  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const {port} = server.address() as AddressInfo
  return {
    url: `ldaps://${address}:${port}`,
    port,
    asked,
    binds,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function search(reader: BerReader): Asked {
  const end = reader.offset + reader.length
  const base = reader.readString() ?? ''
  const scope = reader.readEnumeration() ?? 0
  reader.offset = end
  if (reader.peek() !== ProtocolOperation.LDAP_CONTROLS) return {base, scope, page: undefined}
  reader.readSequence()
  reader.readSequence()
  if (reader.readString() !== PagedResultsControl.type) return {base, scope, page: undefined}
  const critical = reader.readBoolean() ?? false
  const control = new PagedResultsControl()
  control.parse(new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0)))
  const {size = 0, cookie = Buffer.alloc(0)} = control.value ?? {}
  return {base, scope, page: {size, cookie: cookie.toString(), critical}}
}

function message(id: number, inside: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  inside(writer)
  writer.endSequence()
  return writer.buffer
}

function result(writer: BerWriter, operation: number, {code = 0, referrals = []}: Told): void {
  writer.startSequence(operation)
  writer.writeEnumeration(code)
  writer.writeString('')
  writer.writeString('')
  if (referrals.length > 0) {
    writer.startSequence(0xa3)
    for (const uri of referrals) writer.writeString(uri)
    writer.endSequence()
  }
  writer.endSequence()
}

function entryIn(writer: BerWriter, {dn, attributes}: NonNullable<Told['entries']>[number]): void {
  writer.startSequence(ProtocolOperation.LDAP_RES_SEARCH_ENTRY)
  writer.writeString(dn)
  writer.startSequence()
  for (const [name, values] of Object.entries(attributes)) {
    writer.startSequence()
    writer.writeString(name)
    writer.startSequence(ProtocolOperation.LBER_SET)
    for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04)
    writer.endSequence()
    writer.endSequence()
  }
  writer.endSequence()
  writer.endSequence()
}

function referenceIn(writer: BerWriter, uri: string): void {
  writer.startSequence(ProtocolOperation.LDAP_RES_SEARCH_REF)
  writer.writeString(uri)
  writer.endSequence()
}

function cookieIn(writer: BerWriter, cookie: string): void {
  const value = new BerWriter()
  value.startSequence()
  value.writeInt(0)
  value.writeString(cookie)
  value.endSequence()
  writer.startSequence(ProtocolOperation.LDAP_CONTROLS)
  writer.startSequence()
  writer.writeString(PagedResultsControl.type)
  writer.writeBuffer(value.buffer, 0x04)
  writer.endSequence()
  writer.endSequence()
}
