/** Template ids of Entra's built-in roles, the same in every tenant. */
const TEMPLATE_IDS: Readonly<Record<string, string>> = {
  'Global Administrator': '62e90394-69f5-4237-9190-012177145e10',
  'Application Administrator': '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
  'Cloud Application Administrator': '158c047a-c907-4556-b7ef-446551a6b5f7',
  'Privileged Role Administrator': 'e8611ab8-c189-46e8-94e1-60213ab1f814',
  'Hybrid Identity Administrator': '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2',
  'Domain Name Administrator': '8329153b-31d0-4727-b945-745eb3bc5f31',
  'External Identity Provider Administrator': 'be2f45a1-457d-42af-a067-6ec1fa63bc45',
  'Security Administrator': '194ae4cb-b126-40b2-bd5b-6091b380977d',
  'Authentication Administrator': 'c4e39bd9-1100-46d3-8c65-fb160da0071f',
  'Privileged Authentication Administrator': '7be44c8a-adaf-4e2a-84d6-ab2649e08a13',
  'Authentication Policy Administrator': '0526716b-113d-4c15-b2c8-68e3c22b9f80',
  'Global Reader': 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
}

/** Undefined for a role that the sandbox does not know by name. */
export function roleTemplateId(displayName: string): string | undefined {
  return TEMPLATE_IDS[displayName]
}
