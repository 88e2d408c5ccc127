import { Module } from '@nestjs/common';
import { ProjectCatalogue } from './project-catalogue';

@Module({ providers: [ProjectCatalogue], exports: [ProjectCatalogue] })
export class ProjectsModule {}
