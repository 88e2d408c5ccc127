import { Injectable } from '@nestjs/common';
import { Channels } from '../channels/channels';
import type { LastingCondition } from '../projects/notify-rules';
import type { ProjectDefinition } from '../projects/project';
import { ProjectCatalogue } from '../projects/project-catalogue';

/** Projects that want to be told of a condition, so that the others cost nothing. */
@Injectable()
export class WatchedProjects {
  constructor(
    private readonly projects: ProjectCatalogue,
    private readonly channels: Channels,
  ) {}

  /** Returns the definition if one of its channels receives the condition. */
  find(projectId: string, kind: LastingCondition): ProjectDefinition | null {
    const definition = this.projects.find(projectId)?.definition;
    return definition && this.wants(definition, kind) ? definition : null;
  }

  all(kind: LastingCondition): ProjectDefinition[] {
    if (this.channels.list().length === 0) return [];
    return this.projects
      .list()
      .map(({ definition }) => definition)
      .filter((definition) => this.wants(definition, kind));
  }

  /**
   * Whether the present rules of a project are known. They are not while notifications.yaml was never valid, or while a
   * broken file may define the project: then a condition that no watch finds may still hold.
   */
  areRulesKnown(projectId: string): boolean {
    if (!this.channels.hasBeenRead) return false;
    return (
      this.projects.find(projectId) !== null ||
      (this.projects.problems().length === 0 && this.projects.trouble === null)
    );
  }

  /** Returns the channels that receive a condition of a project. */
  toldOf({ projectId, kind }: { projectId: string; kind: LastingCondition }): string[] {
    const definition = this.projects.find(projectId)?.definition;
    return definition ? this.channelsFor(definition, kind) : [];
  }

  private wants(definition: ProjectDefinition, kind: LastingCondition): boolean {
    return this.channelsFor(definition, kind).length > 0;
  }

  private channelsFor({ notifications }: ProjectDefinition, kind: LastingCondition): string[] {
    return this.channels
      .routesOf(notifications)
      .filter(({ on }) => on.includes(kind))
      .map(({ channel }) => channel);
  }
}
