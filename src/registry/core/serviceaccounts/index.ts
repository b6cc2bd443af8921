import { createToken, tokenRequestKind, tokenRequestSchema } from '#apiserver/authentication/serviceaccount/token-request.ts'
import type { TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import type { Resource, Strategy } from '#apiserver/registry/resource.ts'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import { serviceAccounts } from '#api/core/v1/resources.ts'
import type { ServiceAccount } from '#api/core/v1/types.gen.ts'
import { validateServiceAccount, validateServiceAccountUpdate } from '#api/core/v1/validation/service-account.ts'
import { ageColumn, nameColumn } from '../../object-columns.ts'

const mountableSecretsAnnotation = 'kubernetes.io/enforce-mountable-secrets'

const strategy: Strategy<ServiceAccount> = {
  prepareForCreate: keepSecretNamesOnly,
  validateCreate: validateServiceAccount,
  warningsOnCreate: account => warnings(account, undefined),
  prepareForUpdate: keepSecretNamesOnly,
  validateUpdate: validateServiceAccountUpdate,
  warningsOnUpdate: warnings,
}

/** Secrets are of the account's own namespace. */
function keepSecretNamesOnly(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

function warnings({ metadata }: ServiceAccount, old: ServiceAccount | undefined): string[] {
  const isNew =
    metadata.annotations?.[mountableSecretsAnnotation] === 'true' && old?.metadata.annotations?.[mountableSecretsAnnotation] !== 'true'
  const advice = 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets'
  return isNew ? [`metadata.annotations[${mountableSecretsAnnotation}]: ${advice}`] : []
}

/** Service accounts in the server; `issuer` makes the tokens of `serviceaccounts/NAME/token`. */
export function serviceAccountsResource({ issuer }: { issuer: TokenIssuer }): Resource<ServiceAccount> {
  return {
    info: serviceAccounts,
    strategy,
    returnsDeletedObject: true,
    columns: [
      nameColumn,
      {
        name: 'Secrets',
        type: 'string',
        priority: 0,
        description: 'Number of secrets that pods of this account may use.',
        value: ({ secrets }) => (secrets ?? []).length,
      },
      ageColumn,
    ],
    subresources: {
      token: {
        type: 'create',
        kind: tokenRequestKind,
        schema: tokenRequestSchema,
        create: (body, name, context) => createToken(issuer, body as unknown as TokenRequest, name, context),
      },
    },
  }
}
