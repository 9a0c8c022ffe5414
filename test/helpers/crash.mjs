// Preloaded into the command line: as soon as it sends a token, something unforeseen throws an error that holds it.
const realFetch = globalThis.fetch

globalThis.fetch = (input, init) => {
  const token = new Headers(init?.headers).get('authorization')
  if (token !== null)
    setImmediate(() => {
      process.report.writeReport('crash-report.json', new Error('crash'))
      const request = {headers: {authorization: token}}
      throw Object.assign(new Error(`crash with ${token}`), {request, environment: {...process.env}})
    })
  return realFetch(input, init)
}
