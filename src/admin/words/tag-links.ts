export interface TagLink {
  tag: string;
  /** The overview of the projects with this tag. */
  href: string;
}

export function tagLinks(tags: string[]): TagLink[] {
  return tags.map((tag) => ({ tag, href: `/?tag=${encodeURIComponent(tag)}` }));
}
