import { ApiProperty } from '@nestjs/swagger';
import { RunView } from './run-view';

export class RunPageView {
  @ApiProperty({ type: [RunView] }) items!: RunView[];
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Pass as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}
