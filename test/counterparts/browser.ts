import {Agent, fetch} from 'undici'

interface Visit {
  /** PEM of the authority that is trusted besides the known ones. */
  readonly ca: string
  readonly login: string
  readonly outcome: 'ok' | 'declined'
}

interface Page {
  readonly url: string
  readonly html: string
}

/** What a person does with the code: enters it, signs in, agrees. Follows redirects and keeps cookies as a browser does. */
export async function approve(address: string, code: string, visit: Visit): Promise<void> {
  const dispatcher = new Agent({connect: {ca: visit.ca}})
  const cookies = new Map<string, string>()

  const go = async (start: string, form?: Readonly<Record<string, string>>): Promise<Page> => {
    let url = start
    let body = form === undefined ? undefined : new URLSearchParams(form).toString()
    for (let hop = 0; hop < 20; hop++) {
      const response = await fetch(url, {
        dispatcher,
        redirect: 'manual',
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : {body}),
        headers: {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(body === undefined ? {} : {'content-type': 'application/x-www-form-urlencoded'}),
        },
      })
      for (const each of response.headers.getSetCookie()) {
        const [pair = ''] = each.split(';')
        const at = pair.indexOf('=')
        cookies.set(pair.slice(0, at), pair.slice(at + 1))
      }
      const html = await response.text()
      const next = response.headers.get('location')
      if (next === null) return {url, html}
      url = new URL(next, url).href
      body = undefined
    }
    throw new Error(`too many redirects from ${start}`)
  }

  const submit = (page: Page, fields: Readonly<Record<string, string>>): Promise<Page> => {
    const hidden = [...page.html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
      /name="([^"]*)"/.exec(tag)?.[1] ?? '',
      plain(/value="([^"]*)"/.exec(tag)?.[1] ?? ''),
    ])
    const action = plain(/action="([^"]*)"/.exec(page.html)?.[1] ?? page.url)
    return go(new URL(action, page.url).href, {...Object.fromEntries(hidden), ...fields})
  }

  try {
    let page = await submit(await go(address), {user_code: code})
    page = await submit(page, visit.outcome === 'ok' ? {confirm: 'yes', user_code: code} : {abort: 'yes'})
    for (let form = 0; form < 4 && page.html.includes('name="prompt"'); form++)
      page = await submit(page, page.html.includes('name="login"') ? {login: visit.login, password: 'x'} : {})
  } finally {
    await dispatcher.close()
  }
}

const plain = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
