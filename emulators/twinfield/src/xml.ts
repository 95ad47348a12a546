import { SaxesParser } from 'saxes'

/** An element without its prefix; `text` is the text directly below it. */
export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlNode[]
  text: string
}

/** A document as a tree, or null when it is not well-formed. The encoding that a prolog declares is not looked at. */
export function parseXml(text: string): XmlNode | null {
  const parser = new SaxesParser()
  const open: XmlNode[] = []
  let root: XmlNode | null = null
  parser.on('opentag', ({ name, attributes }) => {
    const node: XmlNode = { name: name.replace(/^.*:/, ''), attributes, children: [], text: '' }
    open.at(-1)?.children.push(node)
    root ??= node
    open.push(node)
  })
  const add = (part: string) => {
    const node = open.at(-1)
    if (node) node.text += part
  }
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('closetag', () => {
    open.pop()
  })
  try {
    parser.write(text).close()
    return root
  } catch {
    return null
  }
}

export const childOf = (node: XmlNode | null | undefined, name: string): XmlNode | undefined =>
  node?.children.find((child) => child.name === name)

/** Text of a child, trimmed; null when there is no such child or it is empty. */
export const textOf = (node: XmlNode | null | undefined, name: string): string | null =>
  childOf(node, name)?.text.trim() || null

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
}

export const escapeXml = (text: string) => text.replace(/[&<>"\r]/g, (char) => entities[char] ?? char)

/** `<name>text</name>`, or `<name/>` for nothing. */
export const element = (name: string, text: string, attributes = '') =>
  text === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${escapeXml(text)}</${name}>`
