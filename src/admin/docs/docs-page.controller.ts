import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, Get, Param, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { JobatoError } from '../../http/problem-catalogue';
import { MarkdownParser } from '../artifact/markdown-parser';
import { type DocumentNode, markdownTree } from '../artifact/markdown-tree';
import { PageFrames } from '../page/page-frame';
import { View } from '../page/view';
import { ViewInterceptor } from '../page/view.interceptor';

const FOLDER = join(__dirname, '..', '..', '..', 'docs');
const NAME = /^[a-z-]{1,50}$/;

/** Shows the documents that come with Jobato. */
@ApiExcludeController()
@Controller('docs')
@UseInterceptors(ViewInterceptor)
export class DocsPageController {
  constructor(
    private readonly markdown: MarkdownParser,
    private readonly frames: PageFrames,
  ) {}

  @Get(':name')
  async page(@Param('name') name: string): Promise<View> {
    const tokens = await this.markdown.parse(await this.source(name));
    const { nodes, headings } = markdownTree(tokens ?? [], {
      name: `${name}.md`,
      pageOf: (file) => (/^[a-z-]+\.md$/.test(file) ? `/docs/${file.slice(0, -3)}` : null),
      pictureOf: () => null,
    });
    // Each document begins with its title.
    const title = headings[0]?.text ?? name;
    const frame = await this.frames.frame(title, '');
    const sections = nodes.slice(1).map(raised);
    return new View('docs/page', { frame, title, nodes: sections, index: headings.slice(1) });
  }

  private async source(name: string): Promise<string> {
    const text = NAME.test(name)
      ? await readFile(join(FOLDER, `${name}.md`), 'utf8').catch(() => null)
      : null;
    if (text === null) throw new JobatoError('NOT_FOUND', `There is no document "${name.slice(0, 100)}".`);
    return text;
  }
}

/** In a preview, two headings of the page stand above those of the document. */
function raised(node: DocumentNode): DocumentNode {
  const level = /^h([4-6])$/.exec(node.tag ?? '')?.[1];
  return level === undefined ? node : { ...node, tag: `h${Number(level) - 2}` };
}
