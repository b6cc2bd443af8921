/** Labels or annotations. */
export type Texts = { [key: string]: string }

export const noTexts: Texts = Object.freeze({})
