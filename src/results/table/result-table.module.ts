import { Module } from '@nestjs/common';
import { ProjectsModule } from '../../projects/projects.module';
import { ResultsModule } from '../results.module';
import { ResultRowsController } from './result-rows.controller';
import { ResultTables } from './result-tables';
import { TableReaders } from './table-readers';
import { TableRowsRepository } from './table-rows.repository';

/** The table that a project shows from its live result, an SQLite file. */
@Module({
  imports: [ProjectsModule, ResultsModule],
  controllers: [ResultRowsController],
  providers: [ResultTables, TableReaders, TableRowsRepository],
  exports: [ResultTables],
})
export class ResultTableModule {}
