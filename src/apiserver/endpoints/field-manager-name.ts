const managerCharactersMax = 128

/** The name of a request's field manager: the one given, or the program's name out of its user agent. */
export function managerOf(given: string, userAgent: string): string {
  if (given !== '') return given
  const slash = userAgent.indexOf('/')
  const program = slash < 0 ? userAgent : userAgent.slice(0, slash)
  return program.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '').slice(0, managerCharactersMax)
}
