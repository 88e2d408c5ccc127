import { Module } from '@nestjs/common';
import { LoginBrake } from './login-brake';
import { LoginController } from './login.controller';
import { Sessions } from './sessions';

@Module({ controllers: [LoginController], providers: [LoginBrake, Sessions] })
export class AccessModule {}
