import { xmlText } from '../xml.js';

/** An element of XML. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text, or elements. */
  readonly content: string | readonly Element[];
}

export const element = (
  name: string,
  attributes: Readonly<Record<string, string>>,
  content: Element['content'] = [],
): Element => ({ name, attributes, content });

/** As libvirt indents it; every line ends with a newline. */
export const writeXml = ({ name, attributes, content }: Element, indent = ''): string => {
  const opening = `${indent}<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}='${xmlText(value)}'`)
    .join('')}`;
  if (content.length === 0) return `${opening}/>\n`;
  if (typeof content === 'string') return `${opening}>${xmlText(content)}</${name}>\n`;
  return `${opening}>\n${content.map((one) => writeXml(one, `${indent}  `)).join('')}${indent}</${name}>\n`;
};
