/**
 * Formats of names, as k8s.io/apimachinery's `util/validation` and `api/validate/content` define them. Every `is…` function returns what
 * is wrong with the value, in upstream's words: an empty list means valid.
 */

/** A format's sentence, its regular expression as shown to the user, and examples. */
interface Format {
  pattern: RegExp
  message: string
}

function format(sentence: string, source: string, ...examples: string[]): Format {
  return { pattern: new RegExp(`^${source}$`), message: regexError(sentence, source, ...examples) }
}

/** `sentence (e.g. 'a',  or 'b', regex used for validation is '…')`. */
export function regexError(sentence: string, source: string, ...examples: string[]): string {
  if (examples.length === 0) return `${sentence} (regex used for validation is '${source}')`
  return `${sentence} (e.g. ${examples.map(example => `'${example}', `).join(' or ')}regex used for validation is '${source}')`
}

export function maxLengthError(characters: number): string {
  return `must be no more than ${characters} characters`
}

function maxBytesError(bytes: number): string {
  return `must be no more than ${bytes} bytes`
}

export function inclusiveRangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`
}

export const emptyError = 'must be non-empty'

const labelSource = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dns1123Label = format(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  labelSource,
  'my-name',
  '123-abc',
)
const subdomainSource = `${labelSource}(\\.${labelSource})*`
const dns1123Subdomain = format(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomainSource,
  'example.com',
)
const underscoreLabelSource = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const dns1123SubdomainWithUnderscore = format(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  `${underscoreLabelSource}(\\.${underscoreLabelSource})*`,
  'example.com',
)
const dns1035Label = format(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  'my-name',
  'abc-123',
)
const wildcardSubdomain = format(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  `\\*\\.${subdomainSource}`,
  '*.example.com',
)
const labelKeySource = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelKey = format(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelKeySource,
  'MyName',
  'my.name',
  '123-abc',
)
const labelValue = format(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${labelKeySource})?`,
  'MyValue',
  'my_value',
  '12345',
)
const cIdentifier = format(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  '[A-Za-z_][A-Za-z0-9_]*',
  'my_name',
  'MY_NAME',
  'MyName',
)
const percent = format("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')
const httpHeaderName = format("a valid HTTP header must consist of alphanumeric characters or '-'", '[-A-Za-z0-9]+', 'X-Header-Name')
const envVarName = format(
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
  '[-._a-zA-Z][-._a-zA-Z0-9]*',
  'my.env-name',
  'MY_ENV.NAME',
  'MyEnvName1',
)
const configMapKey = format(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  '[-._a-zA-Z0-9]+',
  'key.name',
  'KEY_NAME',
  'key-name',
)
const httpPathSource = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
const httpPath = format('Invalid path', httpPathSource)

/** Longest label of a DNS name, and longest label value and name part of a label key. */
export const dns1123LabelMaxLength = 63
export const dns1123SubdomainMaxLength = 253

/** Whether a text has more bytes than that. Most are far from it. */
function isLonger(text: string, bytesMax: number): boolean {
  return text.length > bytesMax || (text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax)
}

function check(value: string, { pattern, message }: Format, maxLength: number): string[] {
  const errors: string[] = []
  if (isLonger(value, maxLength)) errors.push(maxLengthError(maxLength))
  if (!pattern.test(value)) errors.push(message)
  return errors
}

export function isDNS1123Label(value: string): string[] {
  const errors = check(value, dns1123Label, dns1123LabelMaxLength)
  // A valid subdomain that is no label can only have dots too many.
  if (errors.at(-1) === dns1123Label.message && dns1123Subdomain.pattern.test(value)) errors[errors.length - 1] = 'must not contain dots'
  return errors
}

export function isDNS1123Subdomain(value: string): string[] {
  return check(value, dns1123Subdomain, dns1123SubdomainMaxLength)
}

export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  return check(value, dns1123SubdomainWithUnderscore, dns1123SubdomainMaxLength)
}

export function isDNS1035Label(value: string): string[] {
  return check(value, dns1035Label, dns1123LabelMaxLength)
}

export function isWildcardDNS1123Subdomain(value: string): string[] {
  return check(value, wildcardSubdomain, dns1123SubdomainMaxLength)
}

/** Label keys, annotation keys (in lower case), finalizers, condition types: `name` or `example.com/name`. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2) {
    return [`a valid label key ${labelKey.message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const errors: string[] = []
  const name = parts.at(-1)!
  if (parts.length === 2) {
    const prefix = parts[0]!
    if (prefix === '') errors.push(`prefix part ${emptyError}`)
    else {
      if (isLonger(prefix, dns1123SubdomainMaxLength)) errors.push(`prefix part ${maxBytesError(dns1123SubdomainMaxLength)}`)
      if (!dns1123Subdomain.pattern.test(prefix)) errors.push(`prefix part ${dns1123Subdomain.message}`)
    }
  }
  if (name === '') errors.push(`name part ${emptyError}`)
  else if (isLonger(name, dns1123LabelMaxLength)) errors.push(`name part ${maxBytesError(dns1123LabelMaxLength)}`)
  if (!labelKey.pattern.test(name)) errors.push(`name part ${labelKey.message}`)
  return errors
}

export function isValidLabelValue(value: string): string[] {
  const errors: string[] = []
  if (isLonger(value, dns1123LabelMaxLength)) errors.push(maxBytesError(dns1123LabelMaxLength))
  if (!labelValue.pattern.test(value)) errors.push(labelValue.message)
  return errors
}

export function isCIdentifier(value: string): string[] {
  return cIdentifier.pattern.test(value) ? [] : [cIdentifier.message]
}

export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [inclusiveRangeError(low, high)]
}

export function isValidPortNum(port: number): string[] {
  return isInRange(port, 1, 65535)
}

export function isValidUserID(uid: number): string[] {
  return isInRange(uid, 0, 2 ** 31 - 1)
}

export function isValidGroupID(gid: number): string[] {
  return isInRange(gid, 0, 2 ** 31 - 1)
}

/** An IANA_SVC_NAME (RFC 6335). */
export function isValidPortName(port: string): string[] {
  const errors: string[] = []
  if (isLonger(port, 15)) errors.push(maxLengthError(15))
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)')
  if (port.includes('--')) errors.push('must not contain consecutive hyphens')
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function isValidPercent(value: string): string[] {
  return percent.pattern.test(value) ? [] : [percent.message]
}

export function isHTTPHeaderName(value: string): string[] {
  return httpHeaderName.pattern.test(value) ? [] : [httpHeaderName.message]
}

function changesDirectory(value: string): string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

export function isEnvVarName(value: string): string[] {
  return [...(envVarName.pattern.test(value) ? [] : [envVarName.message]), ...changesDirectory(value)]
}

/** The rule of RelaxedEnvironmentVariableValidation: any printable ASCII but `=`. */
export function isRelaxedEnvVarName(value: string): string[] {
  const errors: string[] = []
  if (value === '') errors.push(`environment variable name ${emptyError}`)
  if (!/^[ -<>-~]*$/.test(value)) {
    errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='")
  }
  return errors
}

export function isConfigMapKey(value: string): string[] {
  return [...check(value, configMapKey, dns1123SubdomainMaxLength), ...changesDirectory(value)]
}

/** A name that can be one segment of a URL's path. Empty names and lengths are not checked. */
export function isPathSegmentName(name: string): string[] {
  return name === '.' || name === '..' ? [`may not be '${name}'`] : isPathSegmentPrefix(name)
}

export function isPathSegmentPrefix(name: string): string[] {
  return ['/', '%'].filter(part => name.includes(part)).map(part => `may not contain '${part}'`)
}

/** A domain with at least three segments. `''` is told as `Required value` by the caller. */
export function isFullyQualifiedName(name: string): string[] {
  const errors = isDNS1123Subdomain(name)
  if (errors.length > 0) return [errors.join(',')]
  return name.split('.').length < 3 ? ['should be a domain with at least three segments separated by dots'] : []
}

export function isFullyQualifiedDomainName(name: string): string[] {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  const errors = isDNS1123Subdomain(bare)
  if (errors.length > 0) return [errors.join(',')]
  const labels = bare.split('.')
  if (labels.length < 2) return ['should be a domain with at least two segments separated by dots']
  const wrong = labels.map(isDNS1123Label).find(messages => messages.length > 0)
  return wrong === undefined ? [] : [wrong.join(',')]
}

/** `acme.io/foo`, where the part after the slash is an HTTP path. */
export function isDomainPrefixedPath(value: string): string[] {
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")']
  const errors = isDNS1123Subdomain(value.slice(0, slash))
  return httpPath.pattern.test(value.slice(slash + 1)) ? errors : [...errors, httpPath.message]
}

/** How a kind's names are checked. `prefix`: the name is a `generateName`, which may end with a dash. */
export type NameFunction = (name: string, prefix: boolean) => string[]

function maskTrailingDash(name: string, prefix: boolean): string {
  return prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

export const nameIsDNSSubdomain: NameFunction = (name, prefix) => isDNS1123Subdomain(maskTrailingDash(name, prefix))
export const nameIsDNSLabel: NameFunction = (name, prefix) => isDNS1123Label(maskTrailingDash(name, prefix))
export const nameIsDNS1035Label: NameFunction = (name, prefix) => isDNS1035Label(maskTrailingDash(name, prefix))
/** For kinds whose names are free but for what a URL cannot carry (RBAC). */
export const nameIsPathSegment: NameFunction = (name, prefix) => (prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name))
