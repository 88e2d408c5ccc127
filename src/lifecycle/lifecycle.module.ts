import { Global, Module } from '@nestjs/common';
import { Lifecycle } from './lifecycle';
import { NodeIdentity } from './node-identity';
import { ProcessHealth } from './process.health';

@Global()
@Module({ providers: [Lifecycle, NodeIdentity, ProcessHealth], exports: [Lifecycle, NodeIdentity] })
export class LifecycleModule {}
