import { Injectable } from '@nestjs/common';
import type { FileProblem } from '../config-files/file-problem';
import { InputFiles } from '../inputs/input-files';
import { notCarriedOut } from '../projects/not-carried-out';
import type { ProjectDefinition } from '../projects/project';
import { ProjectCatalogue } from '../projects/project-catalogue';
import { Quotas } from '../quota/quotas';

/** What is to be said of the configuration, gathered from all who read a part of it. */
@Injectable()
export class ConfigRemarks {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly inputs: InputFiles,
    private readonly quotas: Quotas,
  ) {}

  /** Files that cannot be used. */
  problems(): FileProblem[] {
    return [...this.projects.problems(), ...this.inputs.problems(), ...this.quotas.problems()];
  }

  /** What a project's file asks for in vain. */
  notes(definition: ProjectDefinition): string[] {
    return [...notCarriedOut(definition), ...this.quotas.notes(definition)];
  }
}
