/**
 * Replaces `$(NAME)` by the variable's value. `$$` stands for one dollar sign, so `$$(NAME)` stays as `$(NAME)`; a reference to an unknown
 * variable stays as it is. (Container.command in the API's documentation.)
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (match, what: string, name: string | undefined) => {
    if (what === '$') return '$'
    return lookUp(name ?? '') ?? match
  })
}

/** Like `expandVariables`, but an unknown variable is an error: the names of the missing ones are returned. */
export function missingVariables(text: string, lookUp: (name: string) => string | undefined): string[] {
  const missing: string[] = []
  expandVariables(text, name => {
    const value = lookUp(name)
    if (value === undefined) missing.push(name)
    return value
  })
  return missing
}
