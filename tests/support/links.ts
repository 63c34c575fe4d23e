import { dirname, join, normalize } from 'node:path/posix';
import GithubSlugger from 'github-slugger';
import { tokensOf } from './markdown.js';

/** A link out of a text: as it is written, and where. */
export interface Link {
  readonly href: string;
  /** Of the paragraph, counted from 1. */
  readonly line: number;
}

/** A text, or a page: where it leads, and what in it can be led to. */
export interface Linked {
  readonly links: readonly Link[];
  readonly anchors: ReadonlySet<string>;
}

/** The links and images of a Markdown text, and the anchors that GitHub gives its headings. */
export const linkedOf = (markdown: string): Linked => {
  const links: Link[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  const tokens = tokensOf(markdown);
  for (const [at, { type, children, map }] of tokens.entries()) {
    if (type !== 'inline') continue;
    for (const child of children ?? []) {
      const href = child.attrGet('href') ?? child.attrGet('src');
      if (href !== null) links.push({ href, line: (map?.[0] ?? 0) + 1 });
    }
    if (tokens[at - 1]?.type !== 'heading_open') continue;
    const shown = (children ?? []).filter((child) => child.type === 'text' || child.type === 'code_inline');
    anchors.add(slugger.slug(shown.map(({ content }) => content).join('')));
  }
  return { links, anchors };
};

/** What is wrong with a link that leads elsewhere, as far as can be told without asking there. */
const outsideFault = (href: string): string | undefined => {
  if (!URL.canParse(href)) return 'is no address';
  const url = new URL(href);
  return url.protocol === 'https:' && url.hostname.includes('.') ? undefined : 'is not https';
};

/**
 * What is wrong with the links of texts or pages.
 *
 * @param pages - By path, parts parted by `/`.
 * @param isThere - Whether something else can be led to: a file, a folder.
 */
export const linkFaults = (
  pages: ReadonlyMap<string, Linked>,
  isThere: (path: string) => boolean,
): { readonly checked: number; readonly faults: readonly string[] } => {
  const faults: string[] = [];
  let checked = 0;
  for (const [from, { links }] of pages) {
    for (const { href, line } of links) {
      checked += 1;
      const fault = faultOf(href, from, pages, isThere);
      if (fault !== undefined) faults.push(`${from}:${line}: ${href} ${fault}`);
    }
  }
  return { checked, faults };
};

const faultOf = (
  href: string,
  from: string,
  pages: ReadonlyMap<string, Linked>,
  isThere: (path: string) => boolean,
): string | undefined => {
  if (/^[a-z][a-z+.-]*:|^\/\//i.test(href)) return outsideFault(href);
  if (href.startsWith('/')) return 'leads to the top of whatever serves it';
  const [way = '', anchor] = href.split('#', 2);
  const path = way === '' ? from : normalize(join(dirname(from), decodeURIComponent(way)));
  const page = pages.get(path);
  if (page === undefined && !isThere(path.replace(/\/$/, ''))) return 'leads nowhere';
  // `#` alone is the top.
  if (anchor === undefined || anchor === '') return undefined;
  if (page === undefined) return 'leads into what has no anchors';
  return page.anchors.has(decodeURIComponent(anchor)) ? undefined : 'leads to no anchor';
};
