import { Global, Module } from '@nestjs/common';
import { Lifecycle } from './lifecycle';
import { NodeIdentity } from './node-identity';

@Global()
@Module({ providers: [Lifecycle, NodeIdentity], exports: [Lifecycle, NodeIdentity] })
export class LifecycleModule {}
