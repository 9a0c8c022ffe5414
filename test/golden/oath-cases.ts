import {OathSecret} from '../../src/lib/model/secret.js'
import {
  HASH_KEY,
  JANE,
  SOMEBODY,
  device,
  inventoryOf,
  inventoryToken,
  phone,
  planInput,
  seed,
  token,
} from '../fixtures/users.js'
import {table} from './rule-case.js'

const dated = (name: string, n: number, day: string) =>
  device(name, {oathSecret: seed(n), registeredAt: `2023-${day}T00:00:00Z`})
const serialOf = (n: number) => seed(n).carriedSerial()
const SEVEN = ['01-01', '02-01', '03-01', '04-01', '05-01', '06-01', '07-01'].map((day, n) =>
  dated(n === 2 || n === 5 ? 'iPhone' : `Phone ${n}`, n, day),
)
const mine = {assignedTo: JANE} as const

export const OATH_CASES = [
  ...table('D1', {
    'seven devices, two of one name, one token': planInput({
      server: {mode: 'phoneApp', devices: SEVEN, oathTokens: [token('T1', {secret: seed(50)})]},
    }),
    'a token that cannot be written keeps no slot': planInput({
      server: {mode: 'phoneApp', devices: SEVEN, oathTokens: [token('T1')]},
    }),
    'what is in Entra counts': planInput({
      server: {mode: 'phoneApp', devices: [dated('New', 1, '02-01'), dated('Old', 2, '01-01')]},
      methods: {
        authenticators: [{id: 'a1'}, {id: 'a2'}],
        softwareOath: [{id: 's1'}],
        hardwareOath: [{id: 'h1', serialNumber: 'X', status: 'activated'}],
      },
    }),
    'a device without secret takes no slot': planInput({
      server: {
        mode: 'phoneApp',
        devices: [device('No secret', {registeredAt: '2024-01-01'}), dated('New', 1, '02-01')],
      },
      methods: {authenticators: [{id: 'a1'}, {id: 'a2'}, {id: 'a3'}, {id: 'a4'}]},
    }),
  }),
  ...table('D2', {
    'two of one name': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01'), dated('iPhone', 2, '02-01')]},
    }),
    "no dates: the first in the server's order": planInput({
      server: {
        mode: 'phoneApp',
        devices: [device('iPhone', {oathSecret: seed(1)}), device('iPhone', {oathSecret: seed(2)})],
      },
    }),
  }),
  ...table('D3', {
    'undated last': planInput({
      server: {
        mode: 'phoneApp',
        devices: [
          device('Undated', {oathSecret: seed(1)}),
          dated('Old', 2, '01-01'),
          dated('New', 3, '02-01'),
        ],
      },
    }),
  }),
  ...table('D4', {
    'carried and activated': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      methods: {
        hardwareOath: [{id: 'h1', serialNumber: serialOf(1), status: 'activated'}],
        preferred: 'oath',
      },
    }),
    'remembered by its secret': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      inventory: inventoryOf(inventoryToken('T-OLD', {...mine, status: 'activated'})),
      memory: {tokens: [{secretHash: seed(1).keyedHash(HASH_KEY), serialNumber: 'T-OLD'}]},
    }),
    'assigned, activation failed': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      inventory: inventoryOf(
        inventoryToken(serialOf(1), {
          ...mine,
          manufacturer: 'MFA Server',
          model: 'Mobile app',
          status: 'failedActivation',
        }),
      ),
    }),
    'back in the inventory': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      inventory: inventoryOf(inventoryToken(serialOf(1), {manufacturer: 'MFA Server', model: 'Mobile app'})),
    }),
    'somebody else has it': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      inventory: inventoryOf(inventoryToken(serialOf(1), {assignedTo: SOMEBODY, status: 'activated'})),
    }),
  }),
  ...table('D5', {
    'name and app version match': planInput({
      server: {
        mode: 'phoneApp',
        devices: [device('iPhone', {oathSecret: seed(1), appVersion: '6.7.1'})],
      },
      methods: {authenticators: [{id: 'a1', displayName: 'iPhone', phoneAppVersion: '6.7.1'}]},
    }),
    'other app version': planInput({
      server: {mode: 'phoneApp', devices: [device('iPhone', {appVersion: '6.7.1'})]},
      methods: {authenticators: [{id: 'a1', displayName: 'iPhone', phoneAppVersion: '6.8.0'}]},
    }),
  }),
  ...table('D6', {
    'app code carried': planInput({server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]}}),
    'no secret': planInput({server: {mode: 'phoneApp', devices: [device('iPhone')]}}),
    '--app-codes skip': planInput({
      server: {mode: 'phoneApp', devices: [dated('iPhone', 1, '01-01')]},
      options: {appCodes: 'skip'},
    }),
    'one secret in two devices': planInput({
      server: {mode: 'phoneApp', devices: [dated('Old', 1, '01-01'), dated('New', 1, '02-01')]},
    }),
    'one secret in device and token': planInput({
      server: {
        mode: 'phoneApp',
        devices: [dated('iPhone', 1, '01-01')],
        oathTokens: [token('T1', {secret: seed(1)})],
      },
    }),
  }),
  ...table('D7', {
    'six devices': planInput({
      server: {mode: 'phoneApp', devices: SEVEN.filter((_, n) => n !== 2)},
    }),
  }),
  ...table('O1', {
    'activated already, other model': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {model: 'CT-2', manufacturer: 'Contoso Tokens'})]},
      inventory: inventoryOf(inventoryToken('T1', {...mine, status: 'activated'})),
    }),
    'in the inventory, other details': planInput({
      server: {
        mode: 'oathToken',
        oathTokens: [token('T1', {secret: seed(1), model: 'CT-2', timeInterval: 60})],
      },
      inventory: inventoryOf(inventoryToken('T1')),
    }),
    'in the inventory, same details': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1), timeInterval: 30})]},
      inventory: inventoryOf(inventoryToken('T1')),
    }),
    'assigned, not activated': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1), timeInterval: 30})]},
      inventory: inventoryOf(inventoryToken('T1', {...mine, status: 'assigned', timeIntervalInSeconds: 60})),
    }),
    'somebody else has it': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1)})]},
      inventory: inventoryOf(
        inventoryToken('T1', {id: 'free'}),
        inventoryToken('T1', {id: 'theirs', assignedTo: SOMEBODY, status: 'activated'}),
      ),
    }),
    'one serial number twice': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1)}), token('T1')]},
    }),
  }),
  ...table('O2', {
    'new token': planInput({
      server: {
        mode: 'oathToken',
        oathTokens: [
          token('T1', {
            secret: seed(1),
            timeInterval: 60,
            manufacturer: 'Contoso Tokens',
            model: 'CT-1',
            hashFunction: 'hmacsha256',
          }),
        ],
      },
    }),
    'maker and model unknown': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1)})]},
    }),
  }),
  ...table('O3', {
    'six tokens': planInput({
      server: {
        mode: 'oathToken',
        oathTokens: [1, 2, 3, 4, 5, 6].map((n) => token(`T${n}`, {secret: seed(n)})),
      },
    }),
  }),
  ...table('O4', {
    'no secret': planInput({server: {mode: 'oathToken', oathTokens: [token('T1')]}}),
    'in the inventory, no secret': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1')]},
      inventory: inventoryOf(inventoryToken('T1')),
    }),
    'seed files disagree': planInput({
      server: {
        mode: 'oathToken',
        oathTokens: [token('T1', {secret: seed(1), seedConflict: 'seeds.csv lines 2 and 5'})],
      },
    }),
  }),
  ...table('O5', {
    'not Base32': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: invalid('ABC189')})]},
    }),
    'too long': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: invalid('A'.repeat(129))})]},
    }),
    'time step': planInput({
      server: {mode: 'oathToken', oathTokens: [token('T1', {secret: seed(1), timeInterval: 45})]},
    }),
    'device secret': planInput({
      server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: invalid('no base32!')})]},
    }),
  }),
  ...table('U7', {
    'a guest keeps the phones': planInput({
      server: {
        phone: phone('4255550100'),
        devices: [dated('iPhone', 1, '01-01'), device('Old')],
        oathTokens: [token('T1', {secret: seed(2)})],
      },
      entra: {isGuest: true},
    }),
  }),
]

function invalid(text: string) {
  return new OathSecret(text)
}
