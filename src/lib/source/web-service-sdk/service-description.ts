import {CallFailure, malformedFailure} from './call-failure.js'
import {escapeXml} from './xml.js'

export interface Field {
  readonly name: string
  /** Local name of the type; empty where it has none of its own. */
  readonly type: string
  readonly required: boolean
  readonly many: boolean
}

export interface Operation {
  readonly name: string
  readonly soapAction: string
  /** The package's name for the type of the request. */
  readonly lookup: string
  readonly inputs: readonly Field[]
  readonly outputs: readonly Field[]
}

/** What the live `?wsdl` says. */
export interface ServiceDescription {
  readonly operations: ReadonlyMap<string, Operation>
  /** Elements of a complex type; undefined if there is no such type. */
  fields(type: string): readonly Field[] | undefined
  /** Values of an enumeration; empty if there is no such type. */
  values(type: string): readonly string[]
  /** A whole SOAP 1.1 request. Only what is in `values` is sent, in the order of the description. */
  request(operation: Operation, values: Readonly<Record<string, string>>): string
}

/** The little that is used of the package's tree of a description. */
interface Node {
  readonly name: string
  readonly children?: readonly Node[]
  readonly $name?: string
  readonly $type?: string
  readonly $value?: string
  readonly $lookupType?: string
  readonly $minOccurs?: string
  readonly $maxOccurs?: string
}

interface Binding {
  readonly style?: string
  readonly methods: Readonly<
    Record<string, {readonly soapAction?: string; readonly input?: Node; readonly output?: Node}>
  >
}

const NAME = '?wsdl'

/**
 * Reads a WSDL 1.1 with the `soap` package, which also builds the requests. Its answers are not used (see xml.ts) and
 * neither is its HTTP client: that follows redirects and takes a proxy from the environment. Parts of a description
 * that lie elsewhere are refused, since the package would fetch them from wherever the text says.
 * Throws CallFailure.
 */
export async function readDescription(text: string): Promise<ServiceDescription> {
  if (!/<([\w.-]+:)?definitions[\s>]/.test(text)) throw malformedFailure(NAME, 'it is not a WSDL')
  if (/<!DOCTYPE|\bschemaLocation\s*=|<([\w.-]+:)?import\b[^>]*\blocation\s*=/i.test(text)) {
    throw malformedFailure(NAME, 'the WSDL points to other documents, which are not fetched')
  }
  const {WSDL} = await import('soap')
  const {promise, resolve, reject} = Promise.withResolvers<void>()
  let wsdl: InstanceType<typeof WSDL>
  try {
    wsdl = new WSDL(text, 'pfwssdk.wsdl', {escapeXML: false})
    wsdl.onReady((error) => (error ? reject(error) : resolve()))
    await promise
  } catch (error) {
    throw new CallFailure(
      'malformed',
      NAME,
      'the WSDL cannot be read',
      'Open it in a browser: is it whole?',
      error,
    )
  }
  const {definitions} = wsdl
  const {$targetNamespace: namespace = ''} = definitions as {readonly $targetNamespace?: string}
  const schema = definitions.schemas[namespace]
  if (schema === undefined) throw malformedFailure(NAME, 'the WSDL has no schema of its own')
  const operations = new Map<string, Operation>()
  for (const binding of Object.values(definitions.bindings) as unknown as Binding[]) {
    for (const [name, method] of Object.entries(binding.methods ?? {})) {
      // The bindings for HTTP GET and POST have no SOAPAction.
      if (operations.has(name) || typeof method.soapAction !== 'string') continue
      operations.set(name, {
        name,
        soapAction: method.soapAction,
        lookup: method.input?.$type ?? method.input?.$lookupType ?? '',
        inputs: fieldsOf(method.input ?? schema.elements[name]),
        outputs: fieldsOf(method.output ?? schema.elements[`${name}Response`]),
      })
    }
  }
  if (operations.size === 0) throw malformedFailure(NAME, 'the WSDL offers no SOAP operation')
  return {
    operations,
    fields: (type) => {
      const found = schema.complexTypes[type] as unknown as Node | undefined
      return found && fieldsOf(found)
    },
    values: (type) => valuesOf(schema.types[type] as unknown as Node | undefined),
    request: (operation, values) => {
      const {name} = operation
      const ordered = operation.inputs
        .filter((input) => values[input.name] !== undefined)
        .map((input) => [input.name, escapeXml(values[input.name] ?? '')] as const)
      // The package's own escaping lets text through that looks like CDATA; escapeXML is off above.
      const body = wsdl.objectToDocumentXML(
        name,
        Object.fromEntries(ordered),
        'tns',
        namespace,
        operation.lookup,
      ) as string
      return envelope(body)
    },
  }
}

/** The probe needs no description: the interface has had it from the first version. */
export const TEST_SECURITY = {
  operation: 'TestSecurity',
  soapAction: 'http://www.phonefactor.com/PfWsSdk/TestSecurity',
  body: envelope('<TestSecurity xmlns="http://www.phonefactor.com/PfWsSdk" />'),
} as const

/** Does this server reach the primary? As old as TestSecurity. */
export const TEST_MASTER = {
  operation: 'TestMasterConnection',
  soapAction: 'http://www.phonefactor.com/PfWsSdk/TestMasterConnection',
  body: envelope('<TestMasterConnection xmlns="http://www.phonefactor.com/PfWsSdk" />'),
} as const

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`
}

/** The elements right under the type: inside a sequence, an extension and the like, not inside other elements. */
function fieldsOf(node: unknown): Field[] {
  return ((node as Node | undefined)?.children ?? []).flatMap((child) =>
    child.name === 'element' && child.$name !== undefined
      ? [
          {
            name: child.$name,
            type: local(child.$type ?? ''),
            required: (child.$minOccurs ?? '1') !== '0',
            many: (child.$maxOccurs ?? '1') !== '1',
          },
        ]
      : fieldsOf(child),
  )
}

function valuesOf(node: Node | undefined): string[] {
  return (node?.children ?? []).flatMap((child) =>
    child.name === 'enumeration' ? [child.$value ?? ''] : valuesOf(child),
  )
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
