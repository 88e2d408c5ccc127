import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module';
import { ArtifactFiles } from './artifact-files';
import { ArtifactUploads } from './artifact-uploads';
import { ArtifactsController } from './artifacts.controller';
import { AttemptFolders } from './attempt-folders';
import { Uploads } from './uploads';

/** The files that runs create: a folder for each run, downloads, and uploads of workers elsewhere. */
@Module({
  imports: [RunsModule],
  controllers: [ArtifactsController],
  providers: [ArtifactFiles, AttemptFolders, ArtifactUploads, Uploads],
  exports: [ArtifactFiles, ArtifactUploads],
})
export class ArtifactsModule {}
