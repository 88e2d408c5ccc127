import { Injectable } from '@nestjs/common';

/** Whether this process is shutting down. It then accepts no new work and finishes its current work. */
@Injectable()
export class Lifecycle {
  private hasBegunStopping = false;

  get isStopping(): boolean {
    return this.hasBegunStopping;
  }

  beginStopping(): void {
    this.hasBegunStopping = true;
  }
}
