import { Parser } from 'htmlparser2';
import type { Link, Linked } from './links.js';

/** The links of a page, what it loads among them, and the anchors in it. */
export const linkedOfHtml = (html: string): Linked => {
  const links: Link[] = [];
  const anchors = new Set<string>();
  const parser = new Parser({
    onopentag(name, { id, href, src }) {
      if (id !== undefined) anchors.add(id);
      for (const target of [href, src]) if (target !== undefined) links.push({ href: target, line: 1 });
      if (name === 'base') throw new Error('a page with a base: its links lead elsewhere');
    },
  });
  parser.end(html);
  return { links, anchors };
};
