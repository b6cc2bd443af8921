/** As in upstream's `--controllers`: a name turns one on, `-name` turns one off, `*` turns on those that are not named. */
export type ControllerSelection<Name extends string> = '*' | Name | `-${Name}`

/** @returns the names that are turned on; the first entry about a name counts. @throws Error for a name that is unknown */
export function selectControllers<Name extends string>(selection: readonly ControllerSelection<Name>[], known: readonly Name[]): Name[] {
  const entries: readonly string[] = selection
  for (const entry of entries) {
    const name = entry.replace(/^-/, '')
    if (entry !== '*' && !known.some(each => each === name))
      throw new Error(`"${name}" is not in the list of known controllers: ${known.join(', ')}`)
  }
  return known.filter(name => {
    const first = entries.find(entry => entry === name || entry === `-${name}`)
    return first === undefined ? entries.includes('*') : first === name
  })
}
