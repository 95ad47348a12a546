const form = /^#[0-9a-f]{6}$/

/** Whether a text is a colour as brands give it: `#` and six hexadecimal digits in lower case. */
export const isBrandColour = (text: string): boolean => form.test(text)
