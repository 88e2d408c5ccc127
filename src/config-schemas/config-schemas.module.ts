import { Module } from '@nestjs/common';
import { ConfigSchemasController } from './config-schemas.controller';

@Module({ controllers: [ConfigSchemasController] })
export class ConfigSchemasModule {}
