import { Module } from '@nestjs/common';
import { LoginBrake } from './login-brake';
import { LoginController } from './login.controller';

@Module({ controllers: [LoginController], providers: [LoginBrake] })
export class AccessModule {}
