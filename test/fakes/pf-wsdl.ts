/** The description that the fake server gives: the shapes of the 2016 interface, written the way ASMX writes them. */

export const NAMESPACE = 'http://www.phonefactor.com/PfWsSdk'

/** name:type; `?` marks what may be absent, as ASMX marks text and complex types. */
type Fields = string

const UNTIL_PIN = `FirstName:s? LastName:s? EmailAddress:s? UserGroup:s? CountryCode:s? Phone:s? Extension:s? BackupCountryCode:s? BackupPhone:s? BackupExtension:s?`
const PIN_RULES = `OverridePinRules:b UserCanChangePin:b MinimumPinLength:i PreventWeakPins:b PinExpirationDays:i HistoricalPins:i HistoricalPinValues:s?`
const SETTINGS_3 = `${UNTIL_PIN} Mode:Mode3 PinMode:PinMode2 SmsDirection:SmsDirection SmsMode:SmsMode PhoneAppMode:PhoneAppMode Pin:s? PinFormat:s? SecondsSincePinChange:double Enabled:b PinChangeRequired:b DisabledBehavior:AuthResult VoiceCallLanguage:s? SmsTextLanguage:s? PhoneAppLanguage:s? OathTokenLanguage:s? EnableGlobalServices:b UserCanChangePhone:b KeepPhoneSynchronized:b ${PIN_RULES} OathTokenExists:b OathTokenSerialNumber:s? OathTokenSecretKey:s? OathTokenTimeInterval:i EnableStaticToken:b StaticToken:s? PhoneAppActivated:b`
const OATH = /OathToken\w+:\S+ ?/g

/** Settings of the server as a whole. */
const SETTINGS_TYPES: Readonly<Record<string, Fields>> = {
  CustomerDefaults3:
    'Mode:Mode3 PinMode:PinMode2 SmsDirection:SmsDirection SmsMode:SmsMode PhoneAppMode:PhoneAppMode EnableGlobalServices:b UserCanChangePhone:b KeepPhoneSynchronized:b DisabledBehavior:AuthResult VoiceCallLanguage:s? SmsTextLanguage:s? PhoneAppLanguage:s? OathTokenLanguage:s? UserCanChangePin:b MinimumPinLength:i PreventWeakPins:b PinExpirationDays:i HistoricalPins:i',
  AdfsSettings:
    'AllowUserEnrollment:b PromptForBackupPhone:b PromptForOathToken:b UsersCanSwitchMode:b UsersCanSwitchModeToVoiceCall:b UsersCanSwitchModeToSmsText:b UsersCanSwitchModeToPhoneApp:b UsersCanSwitchModeToOathToken:b EnableSecurityQuestions:b SecurityQuestionsToAnswer:i UseOathTokenForFallback:b EnableLogging:b PhoneAppWebServiceUrl:s?',
  UserPortalSettings:
    'Url:s? PrimaryAuth:s? AllowUserLogIn:b AllowUserEnrollment:b PromptForBackupPhone:b PromptForOathToken:b AllowOneTimeBypass:b AllowBypassSeconds:b UsersCanSwitchMode:b UsersCanSwitchModeToVoiceCall:b UsersCanSwitchModeToSmsText:b UsersCanSwitchModeToPhoneApp:b UsersCanSwitchModeToOathToken:b UsersCanSelectLanguage:b UsersCanActivatePhoneApp:b DeviceLimit:i EnableSecurityQuestions:b SecurityQuestionsToAnswer:i UsersCanEnrollOathToken:b UseOathTokenForFallback:b EnableLogging:b SessionTimeoutMinutes:i PassedSessionAddUser:b SamlEnabled:b SamlVerificationCertificateThumbprint:s?',
  Features:
    'International:b PinMode:b WelcomeEmail:b FraudAlert:b UserPortal:b ExtensionDialing:b Sms:b Localization:b StaticToken:b PhoneApp:b Tags:b OathToken:b Adfs:b',
  UserPortalWhitelistIp: 'SingleIp:s? FromIp:s? ToIp:s? Subnet:s? Netmask:s? Netslash:i',
}

const TYPES: Readonly<Record<string, Fields>> = {
  ...SETTINGS_TYPES,
  Error: 'Code:i Description:s?',
  UserRow:
    'Username:s? FirstName:s? LastName:s? EmailAddress:s? UserGroup:s? CountryCode:s? Phone:s? Extension:s?',
  UserDevice: 'UserDeviceId:s? DeviceToken:s? DeviceName:s? PhoneAppVersion:s?',
  UserSettings: SETTINGS_3.replaceAll(OATH, '')
    .replace('UserGroup:s? ', '')
    .replace('Mode:Mode3', 'Mode:Mode')
    .replace('PhoneAppMode:PhoneAppMode ', '')
    .replace('PhoneAppLanguage:s? ', '')
    .replace(' PhoneAppActivated:b', ''),
  UserSettings2: SETTINGS_3.replaceAll(OATH, '').replace('Mode:Mode3', 'Mode:Mode2'),
  UserSettings3: SETTINGS_3,
  UserSettings4: `${SETTINGS_3} Sid:s? UserPrincipalName:s? LastModified:dateTime RescuePhrase:s?`,
}

const ENUMS: Readonly<Record<string, string>> = {
  Mode: 'smsText voiceCall',
  Mode2: 'phoneApp smsText voiceCall invalid unspecified',
  Mode3: 'oathToken phoneApp smsText voiceCall invalid unspecified',
  PinMode2: 'voiceprint returnPin pin standard',
  SmsDirection: 'twoWay oneWay invalid unspecified',
  SmsMode: 'otpPlusPin otp invalid unspecified',
  PhoneAppMode: 'voiceprint pin standard invalid unspecified',
  AuthResult: 'fail succeed',
  TagMatchType: 'exactTags allTags anyTags allUsers',
}

const WHO = `usernameFilter:s? usernameCaseSensitive:b firstNameFilter:s? firstNameCaseSensitive:b lastNameFilter:s? lastNameCaseSensitive:b emailFilter:s? emailCaseSensitive:b`
const GROUP = 'userGroupFilter:s? userGroupCaseSensitive:b'
const KINDS = `pinModeFilter:PinMode2 pinModeSpecified:b smsDirectionFilter:SmsDirection smsDirectionSpecified:b smsModeFilter:SmsMode smsModeSpecified:b phoneAppModeFilter:PhoneAppMode phoneAppModeSpecified:b`
const END = 'enabledFilter:b enabledSpecified:b resultLimit:u'
const FIND_4 = `${WHO} ${GROUP} phoneFilter:s? modeFilter:Mode3 modeSpecified:b ${KINDS} tagMatchType:TagMatchType tagIds:strings? ${END}`

const ROWS = 'userRows:UserRow[]? resultsComplete:b error:Error?'

interface FakeOperation {
  readonly name: string
  readonly inputs: Fields
  readonly outputs: Fields
  /** Interface version from which a server has it. */
  readonly since: number
}

const of = (since: number, name: string, inputs: Fields, outputs: Fields): FakeOperation => ({
  name,
  inputs,
  outputs,
  since,
})

export const OPERATIONS: readonly FakeOperation[] = [
  of(1, 'TestSecurity', '', 'TestSecurityResult:s?'),
  of(1, 'TestMasterConnection', '', 'TestMasterConnectionResult:b error:Error?'),
  of(1, 'CanonicalizeUser', 'username:s?', 'canonicalUsername:s? error:Error?'),
  of(1, 'UserExists', 'username:s?', 'error:Error?'),
  of(1, 'GetUserSettings', 'username:s?', 'userSettings:UserSettings? error:Error?'),
  of(2, 'GetUserSettings2', 'username:s?', 'userSettings:UserSettings2? error:Error?'),
  of(2, 'GetUserSettings_2', 'username:s?', 'userSettings:UserSettings2? error:Error?'),
  of(3, 'GetUserSettings_3', 'username:s?', 'userSettings:UserSettings3? error:Error?'),
  of(4, 'GetUserSettings_4', 'username:s?', 'userSettings:UserSettings4? error:Error?'),
  of(5, 'GetUserSettings_5', 'username:s? tenant:i', 'userSettings:UserSettings4? error:Error?'),
  of(2, 'GetUserSettingsMaster', 'username:s?', 'userSettings:UserSettings2? error:Error?'),
  of(1, 'GetSecurityQuestions', 'username:s?', 'userSecurityQuestions:s? error:Error?'),
  of(2, 'GetUserDevices', 'username:s?', 'userDevices:UserDevice[]? error:Error?'),
  of(1, 'FindUsers', `${WHO} phoneFilter:s? pinModeFilter:PinMode2 pinModeSpecified:b ${END}`, ROWS),
  of(2, 'FindUsers2', `${WHO} phoneFilter:s? modeFilter:Mode2 modeSpecified:b ${KINDS} ${END}`, ROWS),
  of(
    3,
    'FindUsers_3',
    `${WHO} ${GROUP} phoneFilter:s? modeFilter:Mode2 modeSpecified:b ${KINDS} ${END}`,
    ROWS,
  ),
  of(3, 'FindUsers_4', FIND_4, ROWS),
  of(5, 'FindUsers_5', `${FIND_4} importanceFilter:i importanceSpecified:b`, ROWS),
  of(1, 'GetCustomerDefaults', '', 'customerDefaults:CustomerDefaults3? error:Error?'),
  of(3, 'GetCustomerDefaults_3', '', 'customerDefaults:CustomerDefaults3? error:Error?'),
  of(2, 'GetUserPortalSettings', '', 'userPortalSettings:UserPortalSettings? error:Error?'),
  of(2, 'GetUserPortalWhitelistIps', '', 'userPortalWhitelistIps:UserPortalWhitelistIp[]? error:Error?'),
  of(3, 'GetAdfsSettings', '', 'adfsSettings:AdfsSettings? error:Error?'),
  of(1, 'GetFeatures', '', 'features:Features? error:Error?'),
  of(1, 'DeleteUser', 'username:s? modifyUsername:s?', 'error:Error?'),
]

const XSD: Readonly<Record<string, string>> = {
  s: 's:string',
  b: 's:boolean',
  i: 's:int',
  u: 's:unsignedInt',
  double: 's:double',
  dateTime: 's:dateTime',
  strings: 'tns:ArrayOfString',
}

export interface WsdlOptions {
  readonly version: number
  readonly without: readonly string[]
  /** Name of the items inside `userRows`. */
  readonly rowItem: string
  /** Rows carry Sid and UserPrincipalName. */
  readonly richRows: boolean
}

export function offered({version, without}: WsdlOptions): readonly FakeOperation[] {
  return OPERATIONS.filter(({name, since}) => since <= version && !without.includes(name))
}

export function typeFields(type: string, options: WsdlOptions): readonly string[] {
  const extra = type === 'UserRow' && options.richRows ? ' Sid:s? UserPrincipalName:s?' : ''
  return `${TYPES[type] ?? ''}${extra}`.split(' ').map((field) => field.split(':')[0] ?? '')
}

export function pfWsdl(address: string, options: WsdlOptions): string {
  const operations = offered(options)
  const elements = operations.map(({name, inputs, outputs}) => {
    const result = name === 'TestSecurity' ? '' : `${name}Result:b `
    return element(name, inputs) + element(`${name}Response`, result + outputs)
  })
  const types = Object.entries(TYPES).map(([name, fields]) => {
    const extra = name === 'UserRow' && options.richRows ? ' Sid:s? UserPrincipalName:s?' : ''
    return `<s:complexType name="${name}">${sequence(fields + extra)}</s:complexType>`
  })
  const arrays = [
    ['ArrayOfUserRow', options.rowItem, 'tns:UserRow'],
    ['ArrayOfUserDevice', 'UserDevice', 'tns:UserDevice'],
    ['ArrayOfUserPortalWhitelistIp', 'UserPortalWhitelistIp', 'tns:UserPortalWhitelistIp'],
    ['ArrayOfString', 'string', 's:string'],
  ].map(
    ([name, item, type]) =>
      `<s:complexType name="${name}"><s:sequence><s:element minOccurs="0" maxOccurs="unbounded" name="${item}" nillable="true" type="${type}" /></s:sequence></s:complexType>`,
  )
  const enums = Object.entries(ENUMS).map(
    ([name, values]) =>
      `<s:simpleType name="${name}"><s:restriction base="s:string">${values
        .split(' ')
        .map((value) => `<s:enumeration value="${value}" />`)
        .join('')}</s:restriction></s:simpleType>`,
  )
  const messages = operations.map(
    ({name}) =>
      `<wsdl:message name="${name}SoapIn"><wsdl:part name="parameters" element="tns:${name}" /></wsdl:message><wsdl:message name="${name}SoapOut"><wsdl:part name="parameters" element="tns:${name}Response" /></wsdl:message>`,
  )
  const ports = operations.map(
    ({name}) =>
      `<wsdl:operation name="${name}"><wsdl:input message="tns:${name}SoapIn" /><wsdl:output message="tns:${name}SoapOut" /></wsdl:operation>`,
  )
  const binding = (prefix: string, name: string): string =>
    `<wsdl:binding name="${name}" type="tns:PfWsSdkSoap"><${prefix}:binding transport="http://schemas.xmlsoap.org/soap/http" />${operations
      .map(
        (operation) =>
          `<wsdl:operation name="${operation.name}"><${prefix}:operation soapAction="${NAMESPACE}/${operation.name}" style="document" /><wsdl:input><${prefix}:body use="literal" /></wsdl:input><wsdl:output><${prefix}:body use="literal" /></wsdl:output></wsdl:operation>`,
      )
      .join('')}</wsdl:binding>`
  return `<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="${NAMESPACE}" targetNamespace="${NAMESPACE}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
  <wsdl:types><s:schema elementFormDefault="qualified" targetNamespace="${NAMESPACE}">
    ${[...elements, ...types, ...arrays, ...enums].join('\n    ')}
  </s:schema></wsdl:types>
  ${messages.join('\n  ')}
  <wsdl:portType name="PfWsSdkSoap">${ports.join('')}</wsdl:portType>
  ${binding('soap', 'PfWsSdkSoap')}
  ${binding('soap12', 'PfWsSdkSoap12')}
  <wsdl:service name="PfWsSdk"><wsdl:port name="PfWsSdkSoap" binding="tns:PfWsSdkSoap"><soap:address location="${address}" /></wsdl:port><wsdl:port name="PfWsSdkSoap12" binding="tns:PfWsSdkSoap12"><soap12:address location="${address}" /></wsdl:port></wsdl:service>
</wsdl:definitions>`
}

function element(name: string, fields: Fields): string {
  return `<s:element name="${name}"><s:complexType>${sequence(fields)}</s:complexType></s:element>`
}

function sequence(fields: Fields): string {
  const list = fields.split(' ').filter((field) => field !== '')
  if (list.length === 0) return ''
  const elements = list.map((field) => {
    const [name = '', kind = ''] = field.split(':')
    const bare = kind.replace(/\?$/, '')
    const type = bare.endsWith('[]') ? `tns:ArrayOf${bare.slice(0, -2)}` : (XSD[bare] ?? `tns:${bare}`)
    return `<s:element minOccurs="${kind.endsWith('?') ? 0 : 1}" maxOccurs="1" name="${name}" type="${type}" />`
  })
  return `<s:sequence>${elements.join('')}</s:sequence>`
}
