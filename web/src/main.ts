// One file, two lives: in a frame of a host it is the MCP App, by itself the page.

import { startApp } from "./app/app";
import { startPage } from "./shell";

if (window.parent !== window) startApp();
else void startPage();
