import { printable } from './printable.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** A text as it stands in XML, between tags or in quotes. */
export const xmlText = (text: string): string => printable(text).replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
