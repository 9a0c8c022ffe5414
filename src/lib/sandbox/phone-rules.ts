import type {PhoneSlot} from '../model/entra-user.js'

/** `+{country code} {number}x{extension}`: the space and the extension may be missing. */
export const PHONE_NUMBER = /^\+[1-9][0-9]{0,3} ?[0-9]{1,15}(x[0-9]{1,10})?$/

/** Graph gives the phone of each type the same id for every user. */
export const PHONE_ID: Readonly<Record<PhoneSlot, string>> = {
  mobile: '3179e48a-750b-4051-897c-87b9720928f7',
  alternateMobile: 'b6332ec1-7057-4abe-9331-3d72feddfe41',
  office: 'e37fc753-ff3b-4958-9484-eaa9425c82bc',
}

/** One spelling for numbers that are the same line: digits only, with the extension apart. */
export function phoneKey(number: string): string {
  return `tel:${number.replaceAll(/[^0-9x]/g, '')}`
}
