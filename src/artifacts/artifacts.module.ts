import { Module } from '@nestjs/common';
import { IntakeModule } from '../intake/intake.module';
import { RunsModule } from '../runs/runs.module';
import { WorkersModule } from '../workers/workers.module';
import { ArtifactFiles } from './artifact-files';
import { ArtifactUploads } from './artifact-uploads';
import { ArtifactsController } from './artifacts.controller';
import { AttemptFolders } from './attempt-folders';
import { UploadFiles } from './upload-files';
import { WorkerArtifactsController } from './worker-artifacts.controller';

/** The files that runs create: a folder for each run, downloads, and uploads of external workers. */
@Module({
  imports: [IntakeModule, RunsModule, WorkersModule],
  controllers: [ArtifactsController, WorkerArtifactsController],
  providers: [ArtifactFiles, AttemptFolders, ArtifactUploads, UploadFiles],
  exports: [ArtifactFiles, AttemptFolders],
})
export class ArtifactsModule {}
