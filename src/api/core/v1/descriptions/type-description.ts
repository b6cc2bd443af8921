/** What `kubectl explain` says about a type and its fields. A field that is missing is described by its type. */
export interface TypeDescription {
  description: string
  fields?: Readonly<Record<string, string>>
}

/** By name without group and version. */
export type TypeDescriptions = Readonly<Record<string, TypeDescription>>
